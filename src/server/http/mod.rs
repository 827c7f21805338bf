//! A request's way through the server. Read `router.rs` next: it puts the layers in order.

mod contexts;
mod error_pages;
mod error_response;
mod factor_pages;
mod mail_pages;
pub mod metrics;
mod render;
pub mod router;
mod security_headers;
mod server_functions;
pub mod to_its_end;
mod well_known;
mod whole_form;

pub mod assets;

pub use security_headers::PagePolicy;
