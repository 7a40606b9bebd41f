//! Drives the real server over loopback, as a client would.

mod catalog;
mod control;
mod faults;
mod files;
mod folder;
mod inputs;
mod lifetime;
mod measuring;
mod media;
mod media_faults;
mod openapi;
mod queue;
mod scenarios;
mod support;
