//! The binary, in a process of its own.

mod faults;
mod lifecycle;
mod mail;
mod settings;
mod slow_clients;
