//! The site's files: scripts, styles, the widget, pictures. A release binary carries them inside. A debug build reads
//! them from disk, where cargo-leptos writes them while the server is built.

mod files;
#[cfg_attr(debug_assertions, path = "disk.rs")]
#[cfg_attr(not(debug_assertions), path = "embedded.rs")]
mod source;

pub use files::{Assets, reload_socket};
