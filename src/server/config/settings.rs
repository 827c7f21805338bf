//! The one list of settings. `--help` prints it, defaults come from it, and a test keeps `.env.example` equal to it.

use leptos_ticketping::TicketpingConfig;

/// What a setting is when it is not set.
#[derive(Clone, Copy)]
pub enum Unset {
    /// This value.
    Is(&'static str),
    /// What these words say.
    Means(&'static str),
}

/// A setting: its name in the environment, its default, and what it is for.
pub struct Setting {
    /// Such as `DATABASE_URL`.
    pub name: &'static str,
    /// Its default.
    pub unset: Unset,
    /// For people.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, unset: Unset, meaning: &'static str) -> Setting {
    Setting { name, unset, meaning }
}

use Unset::{Is, Means};

/// Every setting.
pub const SETTINGS: [Setting; 18] = [
    setting("LEPTOS_SITE_ADDR", Is("127.0.0.1:3000"), "address to listen on"),
    setting(
        "PUBLIC_URL",
        Means("http:// + the address"),
        "how browsers reach the app: decides Secure cookies, HSTS and the origin that forms may come from",
    ),
    setting(
        "DATABASE_URL",
        Is("sqlite://data/app.db"),
        "sqlite: a file, created when missing; or postgres: a server. Migrated on start",
    ),
    setting("TICKETPING_APP_ID", Means("none"), "from the Ticketping dashboard; public"),
    setting("TICKETPING_TEAM_SLUG", Means("none"), "from the Ticketping dashboard; public"),
    setting(
        "TICKETPING_JWT_SECRET",
        Means("none"),
        "from the Ticketping dashboard, API Keys; at least 32 bytes; never leaves the server",
    ),
    setting("TICKETPING_TEAM_LOGO_ICON", Means("the app's own logo"), "URL or local path of a square logo"),
    setting("TICKETPING_API_BASE", Means(TicketpingConfig::API_BASE), "where the widget's calls go"),
    setting("TICKETPING_WS_BASE", Means(TicketpingConfig::WS_BASE), "where the widget's sockets go"),
    setting("TICKETPING_JWT_TTL_SECONDS", Is("300"), "life of a token, 30 to 3600"),
    setting(
        "MAIL_URL",
        Means("the sandbox's mailbox, else none"),
        "smtps://user:password@host, smtp://user:password@host (with STARTTLS), or file:///folder",
    ),
    setting("MAIL_FROM", Means("no-reply@ + the host of PUBLIC_URL"), "the sender of mails"),
    setting(
        "TICKETPING_SANDBOX",
        Means("true in a debug build without app id, team slug and secret, else false"),
        "serve a stand-in for Ticketping's API, and a mailbox at /sandbox/mail, from the app itself",
    ),
    setting("TRUSTED_PROXIES", Means("none"), "proxies (CIDR, comma separated) whose X-Forwarded-For is believed"),
    setting("METRICS_ADDR", Means("none"), "address to serve Prometheus metrics on, at /metrics; keep it private"),
    setting("RATE_LIMIT_FACTOR", Is("1"), "multiplies every rate limit, for tests and load runs"),
    setting("LOG_FORMAT", Is("text"), "text or json"),
    setting("RUST_LOG", Is("info"), "what is logged, in tracing's filter syntax"),
];

/// The settings that may also be given as a file, as container and systemd credentials are: its path in `NAME_FILE`.
pub const SECRETS: [&str; 3] = ["TICKETPING_JWT_SECRET", "DATABASE_URL", "MAIL_URL"];

/// The text of `--help`.
pub fn help() -> String {
    let mut text = String::from(
        "ticketping-leptos: support chat tied to logged-in users\n\n\
         Usage: ticketping-leptos [COMMAND]\n\n  \
           (no command)         serve\n  \
           --check              read the settings, report every problem, exit 0 or 2\n  \
           --check --connect    the same, and try the mail server: exit 1 if no mail can be sent\n  \
           --copy-from URL|FILE copy the users of another database; FILE holds its URL\n  \
           --healthy            ask the running server whether it can serve, exit 0 or 1\n  \
           --backup FILE        write the SQLite database into a new file, while the server runs\n  \
           --restore FILE       put users and second factors back as a backup has them, and sign everyone out\n  \
           users [TEXT]         list the users whose id or address begins with TEXT\n  \
           end-sessions USER    sign a user out everywhere; USER is an id or an address\n  \
           disable USER         sign a user out everywhere and let nobody log in\n  \
           enable USER          let the user log in again\n  \
           remove-factors USER  let a user who lost their app and passkeys log in with the password alone\n  \
           reset-link USER      print a link to a new password, to hand over by another way\n  \
           --version            the version of this program\n  \
           --help               this text\n\n\
         Settings come from the environment (and in a debug build from .env):\n\n",
    );
    for Setting { name, unset: Is(default) | Means(default), meaning } in &SETTINGS {
        text.push_str(&format!("  {name}\n      {meaning}\n      default: {default}\n"));
    }
    let files = SECRETS.map(|name| format!("{name}_FILE")).join(", ");
    text.push_str(&format!("\nA secret may also be in a file, with its path in {files}.\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../.env.example");

    #[test]
    fn the_example_file_lists_every_setting_in_this_order() {
        let listed: Vec<&str> = EXAMPLE
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            .collect();
        assert_eq!(listed, SETTINGS.map(|setting| setting.name));
    }

    #[test]
    fn the_example_file_sets_defaults_and_nothing_else() {
        let set: Vec<(&str, &str)> =
            EXAMPLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
        let defaults = SETTINGS.iter().filter_map(|setting| match setting.unset {
            Is(default) => Some((setting.name, default)),
            Means(_) => None,
        });
        assert_eq!(set, defaults.collect::<Vec<_>>());
    }
}
