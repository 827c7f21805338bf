//! An email address in its one canonical form: the same text for the same mailbox, everywhere.

use std::fmt;

use email_address::Options;
use unicode_normalization::UnicodeNormalization;

/// The longest address that mail can be delivered to (RFC 5321).
const MAX_BYTES: usize = 254;

/// The longest that is read. A domain may be typed longer than it stands in the DNS.
const MAX_TYPED_BYTES: usize = 1_000;

/// A bare address such as `alice@example.com`, in lower case, its domain as it stands in the DNS. What is stored,
/// compared, signed and written to is this text and no other.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what a person typed. `None` for what is no plain address: a display name, quotes, an IP address, a local
    /// part that is not ASCII, a domain without a dot, a character that cannot be seen.
    pub fn parse(typed: &str) -> Option<Self> {
        // Before anything is read of it: that takes longer the longer it is.
        if typed.len() > MAX_TYPED_BYTES {
            return None;
        }
        let (local, domain) = typed.trim().rsplit_once('@')?;
        let domain = canonical_domain(domain)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        let options = Options::default().without_display_text().without_domain_literal().with_minimum_sub_domains(2);
        let is_plain = local.is_ascii() && !local.contains('"') && address.len() <= MAX_BYTES;
        let is_valid = is_plain && email_address::EmailAddress::parse_with_options(&address, options).is_ok();
        is_valid.then_some(Self(address))
    }

    /// What a table holds: it was parsed before it was stored.
    pub fn from_stored(address: String) -> Self {
        Self(address)
    }

    /// The mailbox that it probably is: many providers deliver `bob+news@` to `bob@`, and Gmail `b.o.b@` too. For limits
    /// only.
    pub fn mailbox(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let untagged = local.split('+').next().unwrap_or_default();
        match domain {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", untagged.replace('.', "")),
            domain => format!("{untagged}@{domain}"),
        }
    }

    /// Whether it is one such as `bob+news@`.
    pub fn has_tag(&self) -> bool {
        self.0.contains('+')
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    // No log is to hold one by accident.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EmailAddress([redacted])")
    }
}

/// A domain in ASCII and lower case. IDNA drops some characters that cannot be seen: a domain that would lose one is
/// refused, as it is not what its reader sees.
fn canonical_domain(typed: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(typed).ok()?;
    let (seen, valid) = idna::domain_to_unicode(&ascii);
    let as_typed: String = typed.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let is_ip_address = ascii.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
    let is_as_typed = seen == as_typed || ascii == as_typed;
    (valid.is_ok() && is_as_typed && !is_ip_address && ascii.contains('.')).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::EmailAddress;

    fn canonical(typed: &str) -> Option<String> {
        EmailAddress::parse(typed).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn spellings_that_lead_to_one_mailbox_count_together() {
        let mailbox = |typed: &str| EmailAddress::parse(typed).map(|address| address.mailbox());
        assert_eq!(mailbox("bob+news@example.com"), mailbox("bob@example.com"));
        assert_eq!(mailbox("B.o.b+news@googlemail.com"), mailbox("bob@gmail.com"));
        assert_ne!(mailbox("b.ob@example.com"), mailbox("bob@example.com"));
    }

    #[test]
    fn what_is_far_too_long_is_not_even_read() {
        assert!(canonical(&format!("{}alice@example.com", " ".repeat(900))).is_some());
        assert_eq!(canonical(&format!("{}alice@example.com", " ".repeat(1_000))), None);
    }

    #[test]
    fn one_mailbox_has_one_form() {
        for typed in ["bob@example.com", " Bob@Example.COM ", "BOB@ｅｘａｍｐｌｅ.com", "bob@example\u{ff0e}com"]
        {
            assert_eq!(canonical(typed).as_deref(), Some("bob@example.com"), "{typed}");
        }
        assert_eq!(canonical("b.o-b+tag@Bücher.example").as_deref(), Some("b.o-b+tag@xn--bcher-kva.example"));
        assert_eq!(canonical("bob@xn--bcher-kva.example"), canonical("bob@BÜCHER.example"));
        // The Kelvin sign is a K in a domain; in a local part it would be somebody else's.
        assert_eq!(canonical("bob@\u{212a}.example").as_deref(), Some("bob@k.example"));
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for typed in [
            "",
            "bob",
            "@example.com",
            "bob@",
            "bob@localhost",
            "Bob <bob@example.com>",
            "<bob@example.com>",
            "\"bob\"@example.com",
            "\"b\r\nBcc: x\"@example.com",
            "bob@example.com\r\nBcc: eve@example.com",
            "bob @example.com",
            "bob@exam ple.com",
            "bob@[127.0.0.1]",
            "bob@127.0.0.1",
            "bob@example.com.",
            "bob@-example.com",
            "bob@exa_mple.com",
            "bob@example..com",
            ".bob@example.com",
            "bob.@example.com",
            "b..ob@example.com",
            "bob@eve@example.com",
            "ｂｏｂ@example.com",
            "\u{212a}im@example.com",
            "böb@example.com",
            "b\u{200b}ob@example.com",
            "bob@exam\u{200b}ple.com",
            "bob@exam\u{ad}ple.com",
            "bob@\u{202e}example.com",
            "bob@exam%70le.com",
            "bob,eve@example.com",
            "bob(comment)@example.com",
        ] {
            assert_eq!(canonical(typed), None, "{typed:?}");
        }
        assert_eq!(canonical(&format!("{}@example.com", "b".repeat(65))), None);
        assert_eq!(canonical(&format!("b@{}example.com", "long-label.".repeat(25))), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_taken_can_stand_in_a_header_and_is_its_own_canonical_form(
            typed in "[a-zA-Z0-9.\"'<>(),;:@ \\r\\n\\PC]{0,12}@[a-zA-Z0-9.\\-\\[\\]% \\PC]{1,12}\\.(com|COM|ex)"
        ) {
            if let Some(address) = canonical(&typed) {
                prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address:?}");
                prop_assert!(!address.contains(['"', '<', '>', ',', ';', ':', '(', ')', '[', ']']), "{address:?}");
                prop_assert_eq!(canonical(&address), Some(address.clone()));
                prop_assert!(address.parse::<lettre::Address>().is_ok(), "{address:?}");
            }
        }
    }
}
