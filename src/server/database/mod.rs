//! The database: a SQLite file, created when it is missing, or a PostgreSQL server. It is opened and migrated in `open.rs`;
//! all other statements are the same for both.

pub mod backup;
pub mod changes;
pub mod copy;
mod open;
pub mod statement;
mod url;

pub use open::{Database, DatabaseError};
pub use url::{file, is_url, place};
