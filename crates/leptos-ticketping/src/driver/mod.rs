//! Feeds the machine with what happens in the browser, and executes its commands. Read `state.rs` next.

mod actions;
mod execute;
mod listen;
mod mount;
mod state;

pub use mount::mount;
