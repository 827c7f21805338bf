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

/// Removes cookies whose names are not plain. Those who read cookies decode their names and trim them, so another host of
/// the domain could set one that passes for a cookie with the prefix, which the browser does not let it set.
pub fn drop_disguised(headers: &mut HeaderMap) {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(byte);
    let is_good = |pair: &&[u8]| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        name.iter().skip_while(|byte| **byte == b' ').all(is_plain)
    };
    let pairs = |value: &HeaderValue| value.as_bytes().split(|byte| *byte == b';').all(|pair| is_good(&pair));
    if headers.get_all(header::COOKIE).iter().all(pairs) {
        return;
    }
    let all: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    headers.remove(header::COOKIE);
    for value in all {
        let kept: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b';').filter(is_good).collect();
        if let Ok(kept) = HeaderValue::from_bytes(&kept.join(&b';')) {
            headers.append(header::COOKIE, kept);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_passes_for_one_with_the_prefix_is_dropped_and_the_others_stay() {
        for disguised in
            ["%5F%5FHost-session=x", "\u{2000}__Host-session=x", "\t__Host-session=x", "\u{85}__Host-session=x"]
        {
            let cookies = [format!("theme=dark; {disguised}; a=%20é"), disguised.to_owned()];
            let value = |text: &String| (header::COOKIE, HeaderValue::from_bytes(text.as_bytes()).expect("a header"));
            let mut headers: HeaderMap = HeaderMap::from_iter([value(&cookies[0])]);
            headers.append(header::COOKIE, value(&cookies[1]).1);
            drop_disguised(&mut headers);
            let left: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
            assert_eq!(left, ["theme=dark; a=%20é".as_bytes(), b""], "{disguised}");
        }
    }

    #[test]
    fn plain_cookies_are_left_as_they_are() {
        let plain = HeaderValue::from_static("__Host-session=a; theme=dark;x=1==; =empty; %");
        let mut headers =
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("__Host-session=a;  theme=\"d\""))]);
        let before = headers.clone();
        drop_disguised(&mut headers);
        assert_eq!(headers, before);
        headers.insert(header::COOKIE, plain);
        drop_disguised(&mut headers);
        assert_eq!(headers[header::COOKIE], "__Host-session=a; theme=dark;x=1==; =empty");
    }
}
