//! Carries the result of a form over its redirect, in a cookie that lives for one view. A cookie and not the session:
//! a failed log-in writes nothing to the database.

use http::{HeaderMap, HeaderValue};
use time::Duration;

use super::cookies;
use crate::accounts::FormFeedback;

const COOKIE: &str = "form";
/// What browsers keep, and proxies take, in bytes.
const MAX_COOKIE: usize = 4_000;
/// Longer texts are cut, to the first of these with which the cookie is not too large. Some characters take twelve bytes.
const MAX_CHARS: [usize; 2] = [300, 100];

/// The `Set-Cookie` that keeps the feedback for the next view.
pub fn keep_feedback(feedback: FormFeedback, secure: bool) -> Option<HeaderValue> {
    let cut_to = |max_chars| {
        let cut = |text: &str| text.chars().take(max_chars).collect();
        let short = FormFeedback { name: cut(&feedback.name), email: cut(&feedback.email), ..feedback.clone() };
        cookies::set(COOKIE, serde_json::to_string(&short).ok()?, Duration::minutes(1), secure)
    };
    MAX_CHARS.into_iter().filter_map(cut_to).find(|cookie| cookie.len() < MAX_COOKIE)
}

/// Whether a `Set-Cookie` is one of [`keep_feedback`].
pub fn is_feedback(cookie: &HeaderValue, secure: bool) -> bool {
    cookie.to_str().is_ok_and(|cookie| cookie.starts_with(&format!("{}=", cookies::name(COOKIE, secure))))
}

/// The feedback for this view, and the `Set-Cookie` that forgets it.
pub fn take_feedback(headers: &HeaderMap, secure: bool) -> Option<(FormFeedback, HeaderValue)> {
    let feedback = serde_json::from_str(&cookies::read(headers, COOKIE, secure)?).unwrap_or_default();
    Some((feedback, cookies::set(COOKIE, String::new(), Duration::ZERO, secure)?))
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::accounts::ValidationError;

    fn sent_back(set_cookie: &HeaderValue) -> HeaderMap {
        let pair = set_cookie.to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pair).expect("a header"))])
    }

    #[test]
    fn what_was_typed_comes_back_once_whatever_it_was() {
        let typed = FormFeedback {
            form: Default::default(),
            errors: vec![ValidationError::EmailInvalid],
            name: "Zoë; \"x\"=1, \u{1f600}".into(),
            email: "<b>@".into(),
            remember: true,
        };
        let kept = keep_feedback(typed.clone(), false).expect("a cookie");
        let (taken, forget) = take_feedback(&sent_back(&kept), false).expect("feedback");
        assert_eq!(taken, typed);
        assert!(forget.to_str().expect("ASCII").contains("Max-Age=0"));
    }

    #[test]
    fn a_long_text_is_cut_to_what_a_cookie_holds() {
        for text in ["é", "\u{1f600}"].map(|text| text.repeat(10_000)) {
            let long = FormFeedback { name: text.clone(), email: text, ..FormFeedback::default() };
            assert!(keep_feedback(long, true).expect("a cookie").len() < MAX_COOKIE);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_cookie_header_makes_it_panic(value in proptest::collection::vec(0x20u8..=0xff, 0..300)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
            cookies::read(&headers, "session", true);
            take_feedback(&headers, false);
        }
    }

    #[test]
    fn a_forged_cookie_is_an_empty_form() {
        let forged = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("form=%7Bnonsense"))]);
        assert_eq!(take_feedback(&forged, false).map(|(feedback, _)| feedback), Some(FormFeedback::default()));
    }
}
