//! "Firefox on Linux" from what a browser says of itself: enough for people to tell their sessions apart.

/// The name for a `User-Agent`.
pub fn browser_name(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)], other| {
        known.iter().find(|(part, _)| user_agent.contains(part)).map_or(other, |(_, name)| *name)
    };
    // Each of these also contains the names after it, so the order matters.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    format!("{} on {}", first(&browsers, "A browser"), first(&systems, "an unknown system"))
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_are_told_apart() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser_name(chrome), "Chrome on Windows");
        assert_eq!(browser_name(&format!("{chrome} Edg/140.0")), "Edge on Windows");
        assert_eq!(
            browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(browser_name("curl/8"), "A browser on an unknown system");
    }
}
