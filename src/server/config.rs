//! The settings: read once from the environment, typed, every problem reported together.
//!
//! [`SETTINGS`] is the one list; `--help` prints it and a test keeps `.env.example` equal to it.

use std::{env, fmt, net::SocketAddr, time::Duration};

use ipnet::IpNet;
use url::Url;

use crate::ticketping::{AppId, JwtSecret, TeamSlug};

/// Every setting: name, default as shown to people, meaning.
pub const SETTINGS: &[(&str, &str, &str)] = &[
    ("LEPTOS_SITE_ADDR", "127.0.0.1:3000", "address to listen on"),
    (
        "PUBLIC_URL",
        "http:// + the address",
        "how browsers reach the app: decides Secure cookies, HSTS and the origin forms may come from",
    ),
    (
        "DATABASE_URL",
        "sqlite://data/app.db",
        "sqlite: a file, created when missing; or postgres: a server. Migrated on start",
    ),
    ("TICKETPING_APP_ID", "none", "from the Ticketping dashboard; public"),
    ("TICKETPING_TEAM_SLUG", "none", "from the Ticketping dashboard; public"),
    (
        "TICKETPING_JWT_SECRET",
        "none",
        "from the Ticketping dashboard, API Keys; at least 32 bytes; never leaves the server",
    ),
    ("TICKETPING_TEAM_LOGO_ICON", "the app's own logo", "URL or local path of a square logo"),
    ("TICKETPING_API_BASE", "https://api.ticketping.com", "where the widget's calls go"),
    ("TICKETPING_WS_BASE", "wss://ws.ticketping.com", "where the widget's sockets go"),
    ("TICKETPING_JWT_TTL_SECONDS", "300", "life of a token, 30 to 3600"),
    (
        "TICKETPING_SANDBOX",
        "true in a debug build without app id, team slug and secret, else false",
        "serve a stand-in for Ticketping's API from the app itself",
    ),
    ("TRUSTED_PROXIES", "none", "proxies (CIDR, comma separated) whose X-Forwarded-For is believed"),
    ("METRICS_ADDR", "none", "address to serve Prometheus metrics on, at /metrics; keep it private"),
    ("RATE_LIMIT_FACTOR", "1", "multiplies every rate limit, for tests and load runs"),
    ("LOG_FORMAT", "text", "text or json"),
    ("RUST_LOG", "info", "what is logged, in tracing's filter syntax"),
];

/// The text of `--help`.
pub fn help() -> String {
    let mut text = String::from(
        "ticketping-leptos: support chat tied to logged-in users\n\n\
         Usage: ticketping-leptos            serve\n       \
         ticketping-leptos --check    read the settings, report every problem, exit 0 or 2\n       \
         ticketping-leptos --copy-from URL    copy the users of another database into this one\n       \
         ticketping-leptos --help     this text\n\n\
         Settings come from the environment (and in a debug build from .env):\n\n",
    );
    for (name, default, meaning) in SETTINGS {
        text.push_str(&format!("  {name}\n      {meaning}\n      default: {default}\n"));
    }
    text
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the widget and the signer need to know.
#[derive(Debug)]
pub struct ChatConfig {
    /// `TICKETPING_APP_ID`.
    pub app_id: AppId,
    /// `TICKETPING_TEAM_SLUG`.
    pub team_slug: TeamSlug,
    /// `TICKETPING_JWT_SECRET`, or one made at start for the sandbox.
    pub secret: JwtSecret,
    /// `TICKETPING_TEAM_LOGO_ICON`; `None` is the app's own logo.
    pub team_logo_icon: Option<String>,
    /// `TICKETPING_API_BASE`, without a slash at the end.
    pub api_base: String,
    /// `TICKETPING_WS_BASE`, without a slash at the end.
    pub ws_base: String,
    /// `TICKETPING_JWT_TTL_SECONDS`.
    pub ttl: Duration,
    /// `TICKETPING_SANDBOX`: whether this process answers for Ticketping.
    pub sandbox: bool,
}

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// `LEPTOS_SITE_ADDR`.
    pub site_addr: SocketAddr,
    /// `PUBLIC_URL`: scheme, host and port only.
    pub public_url: Url,
    /// `DATABASE_URL`.
    pub database_url: String,
    /// Everything about chat.
    pub chat: ChatConfig,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// `METRICS_ADDR`.
    pub metrics_addr: Option<SocketAddr>,
    /// `RATE_LIMIT_FACTOR`.
    pub rate_limit_factor: f64,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `RUST_LOG`.
    pub log_filter: String,
}

impl Config {
    /// Reads the environment, and in a debug build `.env` first.
    pub fn from_env() -> Result<Self, Problems> {
        if cfg!(debug_assertions) {
            // A missing .env is the normal case; a variable already set wins over the file.
            let _missing = dotenvy::dotenv();
        }
        Self::read(|name| env::var(name).ok())
    }

    /// Reads settings from any source; an empty value counts as unset.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader { source, problems: Vec::new() };
        let site_addr = reader
            .parse("LEPTOS_SITE_ADDR", "an address such as 127.0.0.1:3000", |text| text.parse().ok())
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000)));
        let public_url = reader
            .parse("PUBLIC_URL", "an origin such as https://app.example.com, without a path", parse_origin)
            .or_else(|| parse_origin(&format!("http://{site_addr}")));
        let database_url = reader
            .parse("DATABASE_URL", "such as sqlite://data/app.db or postgres://user:password@host/name", |text| {
                ["sqlite:", "postgres://", "postgresql://"]
                    .iter()
                    .any(|scheme| text.starts_with(scheme))
                    .then(|| text.to_owned())
            })
            .unwrap_or_else(|| "sqlite://data/app.db".to_owned());
        let chat = reader.chat(public_url.as_ref());
        let trusted_proxies = reader
            .parse("TRUSTED_PROXIES", "networks such as 10.0.0.0/8, comma separated", |text| {
                text.split(',').map(|net| net.trim().parse().ok()).collect()
            })
            .unwrap_or_default();
        let metrics_addr = reader.parse("METRICS_ADDR", "an address such as 127.0.0.1:9100", |text| text.parse().ok());
        let rate_limit_factor = reader
            .parse("RATE_LIMIT_FACTOR", "a number above 0", |text| {
                text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
            })
            .unwrap_or(1.0);
        let log_format = reader
            .parse("LOG_FORMAT", "text or json", |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })
            .unwrap_or(LogFormat::Text);
        let log_filter = reader
            .parse("RUST_LOG", "a filter such as info or ticketping_leptos=debug", |text| {
                tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned())
            })
            .unwrap_or_else(|| "info".to_owned());
        match (public_url, chat, reader.problems) {
            (Some(public_url), Some(chat), problems) if problems.is_empty() => Ok(Self {
                site_addr,
                public_url,
                database_url,
                chat,
                trusted_proxies,
                metrics_addr,
                rate_limit_factor,
                log_format,
                log_filter,
            }),
            (_, _, problems) => Err(Problems(problems)),
        }
    }

    /// What is allowed but costs something, said once at start.
    pub fn warnings(&self) -> Vec<String> {
        let loopback = match self.public_url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let mut warnings = Vec::new();
        if self.public_url.scheme() == "http" && !loopback {
            warnings.push(format!(
                "PUBLIC_URL {} is plain http: session cookies are not Secure, HSTS is off, and \
                 passwords and chat tokens can be read on the way. Put TLS in front and set an https URL.",
                self.origin()
            ));
        }
        warnings
    }

    /// `PUBLIC_URL` as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether browsers reach the app over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Everything that is wrong with the settings, each a sentence that names the variable.
#[derive(Debug)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "The configuration has {} problem(s):", self.0.len())?;
        for problem in &self.0 {
            writeln!(out, "  - {problem}")?;
        }
        writeln!(out, "`ticketping-leptos --help` lists every setting.")
    }
}

struct Reader<S> {
    source: S,
    problems: Vec<String>,
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    fn get(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn parse<T>(&mut self, name: &str, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.get(name)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            // The value itself is left out: a URL may hold a password.
            self.problems.push(format!("{name} must be {wanted}"));
        }
        parsed
    }

    fn required<T>(&mut self, name: &str, from: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match self.get(name).as_deref().map(parse) {
            None => self.problems.push(format!("{name} is missing: {from}")),
            Some(Err(problem)) => self.problems.push(format!("{name} {problem}")),
            Some(Ok(value)) => return Some(value),
        }
        None
    }

    fn chat(&mut self, public_url: Option<&Url>) -> Option<ChatConfig> {
        let ids = ["TICKETPING_APP_ID", "TICKETPING_TEAM_SLUG", "TICKETPING_JWT_SECRET"];
        let bare = ids.iter().all(|name| self.get(name).is_none());
        let sandbox = self
            .parse("TICKETPING_SANDBOX", "true or false", |text| text.parse().ok())
            .unwrap_or(cfg!(debug_assertions) && bare);
        let ttl = self
            .parse("TICKETPING_JWT_TTL_SECONDS", "a whole number from 30 to 3600", |text| {
                text.parse().ok().filter(|seconds| (30..=3600).contains(seconds))
            })
            .unwrap_or(300);
        let team_logo_icon =
            self.parse("TICKETPING_TEAM_LOGO_ICON", "an http(s) URL or a path that starts with /", parse_logo);
        let api_base = self.parse("TICKETPING_API_BASE", "an http(s) URL", |text| parse_base(text, &["http", "https"]));
        let ws_base = self.parse("TICKETPING_WS_BASE", "a ws(s) URL", |text| parse_base(text, &["ws", "wss"]));
        let (app_id, team_slug, secret) = if sandbox {
            if self.get("TICKETPING_JWT_SECRET").is_some() {
                self.problems.push(
                    "TICKETPING_SANDBOX cannot be on together with TICKETPING_JWT_SECRET: remove one of them"
                        .to_owned(),
                );
            }
            (
                AppId::parse(&self.get("TICKETPING_APP_ID").unwrap_or_else(|| "sandbox-app".to_owned())).ok(),
                TeamSlug::parse(&self.get("TICKETPING_TEAM_SLUG").unwrap_or_else(|| "sandbox".to_owned())).ok(),
                Some(JwtSecret::random()),
            )
        } else {
            let dashboard =
                "copy it from the Ticketping dashboard, or set TICKETPING_SANDBOX=true to try without an account";
            let api_keys = "create one in the Ticketping dashboard under API Keys, or set TICKETPING_SANDBOX=true to try without an account";
            (
                self.required(ids[0], dashboard, |text| AppId::parse(text).map_err(|error| error.to_string())),
                self.required(ids[1], dashboard, |text| TeamSlug::parse(text).map_err(|error| error.to_string())),
                self.required(ids[2], api_keys, |text| JwtSecret::parse(text).map_err(|error| error.to_string())),
            )
        };
        let stand_in = public_url.filter(|_| sandbox).map(|url| url.origin().ascii_serialization());
        Some(ChatConfig {
            app_id: app_id?,
            team_slug: team_slug?,
            secret: secret?,
            team_logo_icon,
            api_base: api_base
                .or_else(|| stand_in.as_ref().map(|origin| format!("{origin}/sandbox")))
                .unwrap_or_else(|| "https://api.ticketping.com".to_owned()),
            ws_base: ws_base
                .or_else(|| stand_in.map(|origin| format!("{}/sandbox", origin.replacen("http", "ws", 1))))
                .unwrap_or_else(|| "wss://ws.ticketping.com".to_owned()),
            ttl: Duration::from_secs(ttl),
            sandbox,
        })
    }
}

fn parse_origin(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

fn parse_base(text: &str, schemes: &[&str]) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.has_host() && url.query().is_none() && url.fragment().is_none();
    // Goes into the Content-Security-Policy as it is: nothing there may end a directive.
    let tame = !text.contains([';', ',', ' ', '\'', '"']);
    (plain && tame && schemes.contains(&url.scheme())).then(|| text.trim_end_matches('/').to_owned())
}

fn parse_logo(text: &str) -> Option<String> {
    // The widget writes it into an attribute unescaped.
    let tame = !text.contains(['"', '\'', '<', '>', ' ', ';', ',']);
    let local = text.starts_with('/') && !text.starts_with("//");
    let remote = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    (tame && (local || remote)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";

    fn read(settings: &[(&str, &str)]) -> Result<Config, Problems> {
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(|name| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    fn problems(settings: &[(&str, &str)]) -> Vec<String> {
        read(settings).err().map(|problems| problems.0).unwrap_or_default()
    }

    #[test]
    fn nothing_set_in_a_debug_build_is_the_sandbox_on_the_default_address() {
        let config = read(&[]).expect("defaults are complete");
        assert!(config.chat.sandbox);
        assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
        assert_eq!(config.chat.api_base, "http://127.0.0.1:3000/sandbox");
        assert_eq!(config.chat.ws_base, "ws://127.0.0.1:3000/sandbox");
        assert_eq!(config.chat.ttl.as_secs(), 300);
    }

    #[test]
    fn without_the_sandbox_every_missing_variable_is_named_at_once() {
        let found = problems(&[("TICKETPING_SANDBOX", "false")]);
        assert_eq!(found.len(), 3, "{found:?}");
        for name in ["TICKETPING_APP_ID", "TICKETPING_TEAM_SLUG", "TICKETPING_JWT_SECRET"] {
            assert!(found.iter().any(|problem| problem.starts_with(name) && problem.contains("dashboard")), "{name}");
        }
    }

    #[test]
    fn every_bad_value_is_named_at_once_and_none_is_printed() {
        let bad = [
            ("LEPTOS_SITE_ADDR", "here-oops"),
            ("PUBLIC_URL", "ftp://oops"),
            ("DATABASE_URL", "mysql://root:oops@db"),
            ("TICKETPING_API_BASE", "oops"),
            ("TICKETPING_WS_BASE", "http://oops"),
            ("TICKETPING_TEAM_LOGO_ICON", "//oops"),
            ("TICKETPING_JWT_TTL_SECONDS", "29"),
            ("TICKETPING_SANDBOX", "oops"),
            ("TRUSTED_PROXIES", "10.0.0.0/8,oops"),
            ("METRICS_ADDR", "oops"),
            ("RATE_LIMIT_FACTOR", "-1"),
            ("LOG_FORMAT", "oops"),
        ];
        let found = problems(&bad);
        for (name, _) in bad {
            assert!(found.iter().any(|problem| problem.starts_with(name)), "{name} is not in {found:?}");
        }
        assert!(!format!("{found:?}").contains("oops"));
    }

    proptest::proptest! {
        #[test]
        fn any_values_are_taken_or_named_and_a_policy_can_be_written_with_them(
            values in proptest::collection::vec("\\PC{0,40}|https?://\\PC{0,20}|wss://[a-z;,' ]{0,20}", SETTINGS.len())
        ) {
            let settings: Vec<(&str, &str)> = SETTINGS.iter().map(|(name, ..)| *name).zip(values.iter().map(String::as_str)).collect();
            match read(&settings) {
                Ok(config) => {
                    let policy = crate::server::security::content_security_policy(&config, "n");
                    proptest::prop_assert!(policy.is_some_and(|policy| policy.to_str().is_ok_and(|policy| policy.matches("script-src ").count() == 1)));
                }
                Err(Problems(problems)) => {
                    let named = |problem: &String| SETTINGS.iter().any(|(name, ..)| problem.starts_with(name));
                    proptest::prop_assert!(problems.iter().all(named), "{problems:?}");
                }
            }
        }
    }

    #[test]
    fn the_sandbox_is_refused_together_with_a_real_secret() {
        let found = problems(&[("TICKETPING_SANDBOX", "true"), ("TICKETPING_JWT_SECRET", SECRET)]);
        assert!(found.iter().any(|problem| problem.contains("together")), "{found:?}");
    }

    #[test]
    fn a_complete_configuration_turns_the_sandbox_off_by_itself() {
        let config =
            read(&[("TICKETPING_APP_ID", "app"), ("TICKETPING_TEAM_SLUG", "team"), ("TICKETPING_JWT_SECRET", SECRET)])
                .expect("complete");
        assert!(!config.chat.sandbox);
        assert_eq!(config.chat.api_base, "https://api.ticketping.com");
        assert!(!format!("{config:?}").contains(SECRET), "Debug prints the secret");
    }

    #[test]
    fn plain_http_beyond_this_machine_is_warned_about() {
        let warned = |url| !read(&[("PUBLIC_URL", url)]).expect("valid").warnings().is_empty();
        assert!(warned("http://app.example.com"));
        assert!(!warned("https://app.example.com"));
        assert!(!warned("http://localhost:3000"));
        assert!(!warned("http://127.0.0.1:3000"));
    }

    #[test]
    fn the_example_file_lists_every_setting_and_works_as_it_is() {
        let example = include_str!("../../.env.example");
        let listed: Vec<&str> = example
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            .collect();
        let wanted: Vec<&str> = SETTINGS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(listed, wanted);
        let set: Vec<(&str, &str)> =
            example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
        assert!(read(&set).is_ok());
    }
}
