//! Everything a browser may learn about a failure: each variant is a sentence that says what to do. The cause stays on
//! the server, which logs it once.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// A failure as the visitor sees it. On the wire it is JSON such as `{"error":"not_signed_in"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AppError {
    /// The request could not be read: missing or repeated fields, not UTF-8, an unknown type.
    #[error("We could not read that request. Go back, check what you entered and send it again.")]
    BadRequest,
    /// A body that is not a form.
    #[error("We could not read that request. Send it as a form.")]
    UnsupportedMediaType,
    /// No session, or one that has ended.
    #[error("You are not logged in. Log in and try again.")]
    NotSignedIn,
    /// The second factor was not shown for a while.
    #[error("First confirm that it is you with your second factor, then try again.")]
    ConfirmFirst,
    /// A form that came from another site.
    #[error("That request came from another site, so nothing was done. Use the form on this site.")]
    Forbidden,
    /// No such page.
    #[error("There is no page at this address. Check it, or go to the home page.")]
    NotFound,
    /// The right address, the wrong method.
    #[error("There is nothing to see at this address. Go back and use the form.")]
    MethodNotAllowed,
    /// The body was larger than any form of ours.
    #[error("What you sent is too large. Shorten it and try again.")]
    PayloadTooLarge,
    /// A rate limit was reached.
    #[error("Too many attempts. Try again in {}.", minutes(*seconds))]
    TooManyRequests {
        /// Until when, from now.
        seconds: u64,
    },
    /// The database does not answer.
    #[error("We cannot reach our database right now. Nothing was changed. Go back and try again in a moment.")]
    Unavailable,
    /// More work than the server takes at once.
    #[error("The server is busy. Wait a few seconds and try again.")]
    Busy,
    /// An error of ours.
    #[error("Something went wrong on our side. Nothing was lost; try again in a moment.")]
    Internal,
}

/// So many seconds as a person says it.
fn minutes(seconds: u64) -> String {
    match seconds {
        1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::BadRequest
            }
            _ => Self::Internal,
        }
    }
}
