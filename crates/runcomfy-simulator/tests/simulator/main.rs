//! Drives the real server over loopback, as a client would.

mod catalog;
mod control;
mod fates;
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
mod support;
