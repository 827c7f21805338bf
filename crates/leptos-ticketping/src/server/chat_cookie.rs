//! The cookie in which the widget keeps its chat token.

use http::{HeaderMap, HeaderValue, header};

const EXPIRED: &str = "ticketping_chat_jwt=; Max-Age=0; Path=/; SameSite=Strict";

/// The `Set-Cookie` value that removes the widget's chat token from the browser. The token works for anyone who
/// holds it, whatever `userJWT` says: send this with every response that logs a user in or out.
pub fn expire_chat_cookie() -> HeaderValue {
    HeaderValue::from_static(EXPIRED)
}

/// Adds [`expire_chat_cookie`] to a response that sets the cookie `session_cookie`, which is what log-in and log-out
/// do. Call it on every response of your app, in a layer.
pub fn expire_chat_cookie_with(session_cookie: &str, headers: &mut HeaderMap) {
    let sets_session = headers.get_all(header::SET_COOKIE).iter().any(|cookie| {
        let name_and_rest = cookie.as_bytes().strip_prefix(session_cookie.as_bytes());
        name_and_rest.is_some_and(|rest| rest.starts_with(b"="))
    });
    if sets_session {
        headers.append(header::SET_COOKIE, expire_chat_cookie());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies_after(set_cookie: &'static str) -> usize {
        let mut headers = HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(set_cookie))]);
        expire_chat_cookie_with("session", &mut headers);
        headers.get_all(header::SET_COOKIE).iter().count()
    }

    #[test]
    fn it_is_the_cookie_that_the_widget_writes() {
        assert!(EXPIRED.starts_with(&format!("{}=", crate::pinned::CHAT_COOKIE)));
    }

    #[test]
    fn the_chat_token_goes_with_the_session_and_with_nothing_else() {
        assert_eq!(cookies_after("session=abc; Path=/"), 2);
        assert_eq!(cookies_after("session=; Max-Age=0"), 2);
        assert_eq!(cookies_after("session_theme=dark"), 1);
        assert_eq!(cookies_after("theme=session=1"), 1);
    }
}
