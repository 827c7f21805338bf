//! The names of our cookies, and how they are read. Under https each has the prefix `__Host-`: then no other host and no
//! page over plain http can set it.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use time::Duration;

const PREFIX: &str = "__Host-";

/// The name that a cookie has on this site.
pub fn name(name: &str, secure: bool) -> String {
    if secure { format!("{PREFIX}{name}") } else { name.to_owned() }
}

/// The `Set-Cookie` for a cookie of ours that no script reads. Without a life it is removed.
pub fn set(cookie: &str, value: String, life: Duration, secure: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((name(cookie, secure), value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(life)
        .build();
    HeaderValue::from_str(&cookie.encoded().to_string()).ok()
}

/// The value of a request's cookie of ours.
pub fn read(headers: &HeaderMap, cookie: &str, secure: bool) -> Option<String> {
    read_exactly(headers, &name(cookie, secure))
}

/// The value of a request's cookie of exactly this name.
pub fn read_exactly(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(Cookie::split_parse_encoded).flatten();
    pairs.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// Marks every cookie with the prefix as `Secure`. tower-sessions does not mark the one that removes the session, and
/// browsers ignore it then.
pub fn secure_prefixed(headers: &mut HeaderMap) {
    let all: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    let is_open = |cookie: &HeaderValue| {
        cookie.as_bytes().starts_with(PREFIX.as_bytes()) && !cookie.to_str().is_ok_and(|text| text.contains("; Secure"))
    };
    if !all.iter().any(is_open) {
        return;
    }
    headers.remove(header::SET_COOKIE);
    for cookie in all {
        let marked = is_open(&cookie).then(|| HeaderValue::from_bytes(&[cookie.as_bytes(), b"; Secure"].concat()).ok());
        headers.append(header::SET_COOKIE, marked.flatten().unwrap_or(cookie));
    }
}
