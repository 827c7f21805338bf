//! Decides what the chat must do, and does nothing itself: events and a snapshot of the browser go in, commands
//! come out. It is pure and has no clock, so that every order of events can be tried; `tests.rs` tries thousands.
//! Read `state.rs` next. `driver/` feeds the machine and executes its commands.

mod protocol;
mod state;
mod token;

#[cfg(test)]
mod tests;

pub use protocol::{Command, Event, Identity, Owner, Snapshot, TokenAnswer};
pub use state::Machine;
