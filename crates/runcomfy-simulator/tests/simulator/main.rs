//! Drives the real server over loopback, as a client would.

mod built_in;
mod catalog;
mod control;
mod escaping;
mod faults;
mod files;
mod folder;
mod hostile;
mod inputs;
mod lifetime;
mod line;
mod measuring;
mod media;
mod media_faults;
mod openapi;
mod paces;
mod pricing;
mod program;
mod queue;
mod quirks;
mod scenarios;
mod support;
