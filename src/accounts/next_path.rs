//! Where to go after log-in: a path on this site.

use leptos_router::location::Url;

/// Takes `next` only when a browser would stay on this site with it.
pub fn local_path(next: &str) -> Option<&str> {
    let local = next.starts_with('/') && !next.starts_with("//");
    // Browsers read `\` as `/` and drop control characters before they look at a URL.
    let harmless = !next.contains('\\') && !next.chars().any(char::is_control) && next.len() <= 2_000;
    // Not back to a form that is done, and not to an API.
    let form = ["/login", "/signup", "/forgot", "/check-mail", "/choose-password", "/confirm-email", "/api/"]
        .iter()
        .any(|form| next.starts_with(form));
    // Nor through `.` or `..`, which could lead back to such a path.
    let plain = next.to_ascii_lowercase().replace("%2e", ".");
    let has_dots = plain.split(['/', '?', '#']).any(|part| part == "." || part == "..");
    (local && harmless && next.is_ascii() && !form && !has_dots).then_some(next)
}

/// A path with where to go after it.
pub fn with_next(path: &str, next: &str) -> String {
    local_path(next).map_or_else(|| path.to_owned(), |next| format!("{path}?next={}", Url::escape(next)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::local_path;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn a_browser_stays_on_this_site_with_every_path_that_is_taken(next in "[/\\\\.:@a-z?#%\\t\\n\\PC]{0,30}") {
            if let Some(path) = local_path(&next) {
                let here = url::Url::parse("https://app.example.com/login").expect("a URL");
                let there = here.join(path).expect("a path");
                prop_assert_eq!(there.origin(), here.origin());
            }
        }
    }

    #[test]
    fn only_paths_on_this_site_are_taken() {
        for good in ["/account", "/", "/a?b=c&d=%2F%2F", "/a#b"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "/./api/auth/export",
            "/x/%2E%2e/login",
            "\\/evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\n//evil.example",
            "/a\r\nSet-Cookie: x",
            "/ä",
            "/api/auth/log-out",
            "/login",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
