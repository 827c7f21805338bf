//! The binary, in a process of its own.

mod faults;
mod life;
mod settings;
mod slow_clients;
