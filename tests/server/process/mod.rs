//! The binary, in a process of its own.

mod faults;
mod lifecycle;
mod settings;
mod slow_clients;
