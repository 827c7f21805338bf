//! The environment becomes the configuration.

use std::{
    env::{self, VarError},
    net::{IpAddr, SocketAddr},
};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::{ChatConfig, ConfigErrors, MailConfig, SETTINGS, reader::Reader};
use crate::{server::database, site::SUPPORT_ADDRESS};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// `LEPTOS_SITE_ADDR`.
    pub site_addr: SocketAddr,
    /// `PUBLIC_URL`: scheme, host and port only.
    pub public_url: Url,
    /// `DATABASE_URL`. It may hold a password.
    pub database_url: SecretString,
    /// Everything about chat.
    pub chat: ChatConfig,
    /// Everything about mail.
    pub mail: MailConfig,
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
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::read(environment()?)
    }

    /// `LEPTOS_SITE_ADDR` alone.
    pub fn site_addr_from_env() -> Result<SocketAddr, ConfigErrors> {
        let mut reader = Reader::new(environment()?);
        reader.site_addr().ok_or(ConfigErrors(reader.errors))
    }

    /// `DATABASE_URL` alone.
    pub fn database_url_from_env() -> Result<SecretString, ConfigErrors> {
        let mut reader = Reader::new(environment()?);
        reader.database_url().ok_or(ConfigErrors(reader.errors))
    }

    /// Reads settings from any source. An empty value counts as unset.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(source);
        let site_addr = reader.site_addr();
        let public_url = reader
            .parse("PUBLIC_URL", "an origin such as https://app.example.com, without a path", parse_origin)
            .or_else(|| parse_origin(&format!("http://{}", site_addr?)));
        let database_url = reader.database_url();
        let chat = reader.chat(site_addr, public_url.as_ref());
        let mail = reader.mail(public_url.as_ref());
        let network = |text: &str| text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)));
        let trusted_proxies = reader
            .parse("TRUSTED_PROXIES", "addresses or networks such as 10.0.0.0/8, comma separated", |text| {
                text.split(',').map(|text| network(text.trim())).collect()
            })
            .unwrap_or_default();
        let metrics_addr = reader.parse("METRICS_ADDR", "an address such as 127.0.0.1:9100", |text| text.parse().ok());
        let rate_limit_factor = reader.parse("RATE_LIMIT_FACTOR", "a number above 0 such as 0.5", |text| {
            text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
        });
        let log_format = reader.parse("LOG_FORMAT", "text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        let log_filter = reader.parse("RUST_LOG", "a filter such as info or ticketping_leptos=debug", |text| {
            tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned())
        });
        let errors = std::mem::take(&mut reader.errors);
        let config = || {
            Some(Self {
                site_addr: site_addr?,
                public_url: public_url?,
                database_url: database_url?,
                chat: chat?,
                mail: mail?,
                trusted_proxies,
                metrics_addr,
                rate_limit_factor: rate_limit_factor?,
                log_format: log_format?,
                log_filter: log_filter?,
            })
        };
        config().filter(|_| errors.is_empty()).ok_or(ConfigErrors(errors))
    }

    /// What is allowed but has a price, said once at start.
    pub fn warnings(&self) -> Vec<String> {
        let ip = match self.public_url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        let loopback = ip.map_or(self.public_url.host_str() == Some("localhost"), |ip| ip.is_loopback());
        let mut warnings = Vec::new();
        if ip.is_some_and(|ip| ip.is_unspecified()) {
            warnings.push(format!(
                "PUBLIC_URL is {}, where nobody can open the links in mails, and forms from another address are refused. \
                 Set it to how browsers reach the app.",
                self.origin()
            ));
        }
        if self.public_url.scheme() == "http" && !loopback {
            warnings.push(format!(
                "PUBLIC_URL {} is plain http: session cookies are not Secure, HSTS is off, and \
                 passwords and chat tokens can be read on the way. Put TLS in front and set an https URL.",
                self.origin()
            ));
        }
        if self.is_https() && self.trusted_proxies.is_empty() {
            warnings.push(
                "PUBLIC_URL is https and TRUSTED_PROXIES is not set: every visitor counts as one address for the limits. \
                 Set it to the address of the proxy that ends TLS, such as 127.0.0.1/32."
                    .to_owned(),
            );
        }
        if self.trusted_proxies.iter().any(|net| net.prefix_len() == 0) {
            warnings.push(
                "TRUSTED_PROXIES holds every address: any client can make up where it comes from, and so escape the limits. \
                 Name the proxy's own network."
                    .to_owned(),
            );
        }
        if self.is_https() && SUPPORT_ADDRESS.ends_with("@example.com") {
            warnings.push(format!(
                "the support address is {SUPPORT_ADDRESS}: people who cannot log in are told to write to it. Set yours in \
                 src/site.rs."
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

/// The environment, in a debug build with `.env`.
fn environment() -> Result<impl Fn(&str) -> Option<String>, ConfigErrors> {
    // A variable that is set already wins over the file.
    let read = if cfg!(debug_assertions) { dotenvy::dotenv().map(|_| ()) } else { Ok(()) };
    match read {
        // Without the line: it may hold a secret.
        Err(dotenvy::Error::LineParse(..)) => {
            let error = ".env has a line that cannot be read: put values with spaces or quotes between single quotes";
            return Err(ConfigErrors(vec![error.to_owned()]));
        }
        Err(error) if !error.not_found() => return Err(ConfigErrors(vec![format!(".env cannot be read: {error}")])),
        // There is usually none.
        _ => {}
    }
    let is_unreadable = |name: &String| matches!(env::var(name), Err(VarError::NotUnicode(_)));
    let names = SETTINGS.iter().flat_map(|setting| [setting.name.to_owned(), format!("{}_FILE", setting.name)]);
    let unreadable: Vec<_> = names.filter(is_unreadable).map(|name| format!("{name} is not UTF-8")).collect();
    if unreadable.is_empty() { Ok(|name: &str| env::var(name).ok()) } else { Err(ConfigErrors(unreadable)) }
}

impl<S: Fn(&str) -> Option<String>> Reader<S> {
    fn site_addr(&mut self) -> Option<SocketAddr> {
        self.parse("LEPTOS_SITE_ADDR", "an address such as 127.0.0.1:3000", |text| text.parse().ok())
    }

    fn database_url(&mut self) -> Option<SecretString> {
        let wanted = "a file such as sqlite://data/app.db, or such as postgres://user:password@host/name, in which / ? # @ % in a \
                      password are written %2F %3F %23 %40 %25";
        self.parse("DATABASE_URL", wanted, |text| database::is_url(text).then(|| text.to_owned().into()))
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

#[cfg(test)]
mod tests {
    use leptos_ticketping::CspSources;

    use super::*;
    use crate::server::http::PagePolicy;

    const SECRET: &str = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(|name| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    fn sources(config: &Config) -> String {
        CspSources::of(&config.chat.widget).connect_src
    }

    fn problems(settings: &[(&str, &str)]) -> Vec<String> {
        read(settings).err().map(|errors| errors.0).unwrap_or_default()
    }

    #[test]
    fn nothing_set_in_a_debug_build_is_the_sandbox_on_the_default_address() {
        let config = read(&[]).expect("defaults are complete");
        assert!(config.chat.sandbox);
        assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
        assert_eq!(sources(&config), "http://127.0.0.1:3000 ws://127.0.0.1:3000");
        assert_eq!(config.chat.token_life.as_secs(), 300);
    }

    #[test]
    fn without_the_sandbox_every_missing_variable_is_named_at_once() {
        let found = problems(&[("TICKETPING_SANDBOX", "false")]);
        assert_eq!(found.len(), 4, "{found:?}");
        for (name, source) in [
            ("TICKETPING_APP_ID", "dashboard"),
            ("TICKETPING_TEAM_SLUG", "dashboard"),
            ("TICKETPING_JWT_SECRET", "dashboard"),
            ("MAIL_URL", "smtps://user:password@mail.example.com"),
        ] {
            assert!(found.iter().any(|problem| problem.starts_with(name) && problem.contains(source)), "{name}");
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
            ("MAIL_URL", "smtp://app:oops@host/path"),
            ("MAIL_FROM", "oops"),
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
        fn any_value_is_taken_or_named_in_an_error_and_fits_into_a_policy(
            values in proptest::collection::vec("\\PC{0,40}|https?://\\PC{0,20}|wss://[a-z;,' ]{0,20}", SETTINGS.len())
        ) {
            let settings: Vec<(&str, &str)> =
                SETTINGS.iter().map(|setting| setting.name).zip(values.iter().map(String::as_str)).collect();
            match read(&settings) {
                Ok(config) => {
                    let policy = PagePolicy::new(&CspSources::of(&config.chat.widget)).with_nonce("n");
                    let text = policy.as_ref().and_then(|policy| policy.to_str().ok());
                    proptest::prop_assert!(text.is_some_and(|policy| policy.matches("script-src ").count() == 1));
                }
                Err(ConfigErrors(errors)) => {
                    let named = |error: &String| SETTINGS.iter().any(|setting| error.starts_with(setting.name));
                    proptest::prop_assert!(errors.iter().all(named), "{errors:?}");
                }
            }
        }
    }

    #[test]
    fn a_database_in_memory_and_a_url_that_cannot_be_read_are_refused() {
        let torn = ["postgres://app:/s3cret@db/app", "postgres://app:p#w@db/app"];
        let unusable = ["postgres://app@db:99999/app", "postgres://db/app?sslmode=some", "sqlite://app.db?mode=some"];
        for url in ["sqlite::memory:", "sqlite:app?mode=memory", "sqlite://"].into_iter().chain(torn).chain(unusable) {
            let found = problems(&[("DATABASE_URL", url)]);
            assert!(found.iter().any(|problem| problem.contains("a file such as")), "{url}: {found:?}");
        }
    }

    #[test]
    fn the_sandbox_is_refused_together_with_a_real_secret() {
        let found = problems(&[("TICKETPING_SANDBOX", "true"), ("TICKETPING_JWT_SECRET", SECRET)]);
        assert!(found.iter().any(|problem| problem.contains("together")), "{found:?}");
    }

    #[test]
    fn a_complete_configuration_turns_the_sandbox_off_by_itself() {
        let config = read(&[
            ("TICKETPING_APP_ID", "app"),
            ("TICKETPING_TEAM_SLUG", "team"),
            ("TICKETPING_JWT_SECRET", SECRET),
            ("DATABASE_URL", "postgres://app:s3cret@db/app"),
            ("MAIL_URL", "smtps://app:s3cret@mail.example.com"),
        ])
        .expect("complete");
        assert!(!config.chat.sandbox);
        assert_eq!(sources(&config), "https://api.ticketping.com wss://ws.ticketping.com");
        let printed = format!("{config:?}");
        assert!(!printed.contains(SECRET) && !printed.contains("s3cret"), "Debug prints a secret");
    }

    #[test]
    fn a_secret_may_be_in_a_file_and_a_file_that_is_not_there_or_empty_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, format!("{SECRET}\n")).expect("written");
        let path = file.to_str().expect("UTF-8");
        let account =
            [("TICKETPING_APP_ID", "app"), ("TICKETPING_TEAM_SLUG", "team"), ("MAIL_URL", "file:///tmp/mail")];
        let config = read(&[&account[..], &[("TICKETPING_JWT_SECRET_FILE", path)]].concat()).expect("complete");
        assert_eq!(config.chat.secret.expose_secret(), SECRET.as_bytes());
        let both = [("TICKETPING_JWT_SECRET_FILE", path), ("TICKETPING_JWT_SECRET", SECRET)];
        assert!(problems(&[&account[..], &both].concat()).iter().any(|problem| problem.contains("both set")));
        std::fs::write(&file, "\n").expect("written");
        for path in ["/no/such/file", path] {
            for (name, others) in
                [("TICKETPING_JWT_SECRET_FILE", &account[..]), ("DATABASE_URL_FILE", &[("TICKETPING_SANDBOX", "true")])]
            {
                let found = problems(&[others, &[(name, path)]].concat());
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].starts_with(&format!("{name} names a file that")), "{found:?}");
            }
        }
    }

    #[test]
    fn the_sandbox_stays_on_this_machine() {
        for (name, value) in [("PUBLIC_URL", "https://app.example.com"), ("LEPTOS_SITE_ADDR", "0.0.0.0:3000")] {
            let found = problems(&[("TICKETPING_SANDBOX", "true"), (name, value)]);
            assert!(
                found.iter().any(|problem| problem.contains("TICKETPING_SANDBOX") && problem.contains(name)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn mails_come_from_the_host_of_the_site_unless_said_otherwise() {
        let from = |settings| read(settings).expect("complete").mail.from.email.to_string();
        assert_eq!(from(&[("PUBLIC_URL", "http://app.example.com")]), "no-reply@app.example.com");
        assert_eq!(from(&[]), "no-reply@127.0.0.1");
        assert_eq!(from(&[("MAIL_FROM", "help@example.com")]), "help@example.com");
    }

    #[test]
    fn an_https_site_that_trusts_no_proxy_or_every_address_is_warned_about() {
        let account = [
            ("PUBLIC_URL", "https://app.example.com"),
            ("TICKETPING_APP_ID", "app"),
            ("TICKETPING_TEAM_SLUG", "team"),
            ("TICKETPING_JWT_SECRET", SECRET),
            ("MAIL_URL", "file:///tmp/mail"),
        ];
        let warns = |more: &[(&str, &str)]| {
            let config = read(&[&account[..], more].concat()).expect("complete");
            config.warnings().iter().any(|warning| warning.contains("TRUSTED_PROXIES"))
        };
        assert!(warns(&[]));
        assert!(!warns(&[("TRUSTED_PROXIES", "127.0.0.1/32")]));
        // Any client is trusted then.
        assert!(warns(&[("TRUSTED_PROXIES", "127.0.0.1/32,0.0.0.0/0")]));
        assert!(warns(&[("TRUSTED_PROXIES", "::/0")]));
    }

    #[test]
    fn a_proxy_may_be_named_by_its_address() {
        let config = read(&[("TRUSTED_PROXIES", "192.0.2.1, 10.0.0.0/8")]).expect("complete");
        assert_eq!(
            config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["192.0.2.1/32", "10.0.0.0/8"]
        );
    }

    #[test]
    fn a_server_on_every_address_is_to_be_told_how_it_is_reached() {
        let warns = |url| {
            let warnings = read(&[("PUBLIC_URL", url)]).expect("complete").warnings();
            warnings.iter().any(|warning| warning.contains("links in mails"))
        };
        assert!(warns("http://0.0.0.0:3000") && warns("http://[::]:3000") && !warns("http://192.0.2.1:3000"));
    }

    #[test]
    fn plain_http_beyond_this_machine_is_warned_about() {
        let warned = |url| {
            let warnings = read(&[("PUBLIC_URL", url)]).expect("valid").warnings();
            warnings.iter().any(|warning| warning.contains("plain http"))
        };
        assert!(warned("http://app.example.com"));
        assert!(!warned("http://localhost:3000"));
        assert!(!warned("http://127.0.0.1:3000"));
    }
}
