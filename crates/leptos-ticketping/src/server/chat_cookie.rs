//! The cookie in which the widget keeps its chat token.

use http::{HeaderMap, HeaderValue, header};

use crate::pinned::EXPIRED_CHAT_COOKIES;

/// The `Set-Cookie` values that remove the widget's chat token from the browser, by its names under http and https. The
/// token works for anyone who holds it, whatever `userJWT` says: send these with every response that logs a user in or out.
/// It also holds the address and the name that the user had when it came, for a week: send them when these change.
pub fn expire_chat_cookies() -> impl IntoIterator<Item = HeaderValue> {
    EXPIRED_CHAT_COOKIES.map(HeaderValue::from_static)
}

/// Adds [`expire_chat_cookies`] to a response that sets the cookie `session_cookie`, which is what log-in and log-out
/// do. Call it on every response of your app, in a layer; if your app sets that cookie more often, such as for a cart or at
/// each request, send [`expire_chat_cookies`] where the user changes instead.
pub fn expire_chat_cookies_with(session_cookie: &str, headers: &mut HeaderMap) {
    let sets_session = headers.get_all(header::SET_COOKIE).iter().any(|cookie| {
        let name_and_rest = cookie.as_bytes().strip_prefix(session_cookie.as_bytes());
        name_and_rest.is_some_and(|rest| rest.starts_with(b"="))
    });
    if sets_session {
        headers.extend(expire_chat_cookies().into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinned::{CHAT_COOKIE, SECURE_CHAT_COOKIE};

    fn cookies_after(set_cookie: &'static str) -> usize {
        let mut headers = HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(set_cookie))]);
        expire_chat_cookies_with("session", &mut headers);
        headers.get_all(header::SET_COOKIE).iter().count()
    }

    #[test]
    fn they_are_the_cookies_that_the_widget_writes() {
        for (expired, name) in EXPIRED_CHAT_COOKIES.iter().zip([CHAT_COOKIE, SECURE_CHAT_COOKIE]) {
            assert!(expired.starts_with(&format!("{name}=")));
        }
    }

    #[test]
    fn the_chat_token_goes_with_the_session_and_with_nothing_else() {
        assert_eq!(cookies_after("session=abc; Path=/"), 3);
        assert_eq!(cookies_after("session=; Max-Age=0"), 3);
        assert_eq!(cookies_after("session_theme=dark"), 1);
        assert_eq!(cookies_after("theme=session=1"), 1);
    }
}
