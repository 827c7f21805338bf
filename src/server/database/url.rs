//! What the URL of a database says: a file or a server, over TLS or not, and what a person may read of it.

use std::{
    borrow::Cow,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use percent_encoding::percent_decode_str;
use sqlx::{
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};

/// The file of a SQLite URL; none in memory.
pub fn file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path).split('?').next()?;
    // As sqlx reads it.
    let path = percent_decode_str(path).decode_utf8().ok()?;
    (!path.is_empty() && path != ":memory:" && !url.contains("mode=memory")).then(|| PathBuf::from(&*path))
}

/// Whether sqlx can use it: a file, or a server.
pub fn is_url(url: &str) -> bool {
    // In memory, each connection would have a database of its own.
    if file(url).is_some() {
        return SqliteConnectOptions::from_str(url).is_ok();
    }
    let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    is_postgres && server(url).is_some() && PgConnectOptions::from_str(url).is_ok()
}

/// The folder that a file is in.
pub fn folder(file: &Path) -> Option<&Path> {
    file.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder })
}

/// Passwords and sessions go to a PostgreSQL server over TLS, unless it is on this machine, or the URL or `PGSSLMODE` says
/// otherwise.
pub fn with_tls(url: &str) -> String {
    let Ok(parsed) = url::Url::parse(url) else { return url.to_owned() };
    let is_here = |host: &str| {
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        // With a slash it is a socket.
        host.starts_with('/') || host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    };
    let named = parsed.query_pairs().filter(|(key, _)| key == "host" || key == "hostaddr").map(|(_, host)| host);
    let mut hosts: Vec<String> = named.map(Cow::into_owned).collect();
    hosts.extend(parsed.host_str().map(|host| percent_decode_str(host).decode_utf8_lossy().into_owned()));
    if hosts.is_empty() {
        // As sqlx reads them.
        hosts.extend(["PGHOST", "PGHOSTADDR"].into_iter().filter_map(|name| std::env::var(name).ok()));
    }
    let says = |name: &str| parsed.query_pairs().any(|(key, _)| key == name);
    let is_set = says("sslmode")
        || says("ssl-mode")
        || std::env::var("PGSSLMODE").is_ok_and(|mode| mode.parse::<PgSslMode>().is_ok());
    if is_set || hosts.iter().all(|host| is_here(host)) {
        return url.to_owned();
    }
    format!("{url}{}sslmode=require", if url.contains('?') { '&' } else { '?' })
}

/// What a person may read of a database's URL.
pub fn place(url: &str) -> String {
    match (file(url), server(url)) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(url)) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
        }
        (None, None) => "of DATABASE_URL".to_owned(),
    }
}

/// The URL of a server. `None` where a password with a character of URLs in it has torn it apart: then its host may be a part of the
/// password.
pub fn server(url: &str) -> Option<url::Url> {
    let url = url::Url::parse(url).ok()?;
    let is_whole =
        url.fragment().is_none() && !url.path().contains('@') && !url.query().is_some_and(|query| query.contains('@'));
    is_whole.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_never_shows_a_password() {
        assert_eq!(
            place("postgres://app:s3cret@db.example.com:5432/app?x=s3cret"),
            "postgres://db.example.com:5432/app"
        );
        assert_eq!(place("sqlite://data/app.db?mode=rwc"), "data/app.db");
        for torn in [
            "postgres://app:s3cret@[",
            "postgres://app:/s3cret@db/app",
            "postgres://app:12/s3cret@db/app",
            "postgres://app:p@s3cret#x@db/app",
            "postgres://app:1?s3cret@db/app",
        ] {
            assert_eq!(place(torn), "of DATABASE_URL");
        }
    }

    #[test]
    fn a_server_elsewhere_is_spoken_to_over_tls() {
        let elsewhere = "postgres://app:s3cret@db.example.com/app";
        assert_eq!(with_tls(elsewhere), format!("{elsewhere}?sslmode=require"));
        assert_eq!(with_tls(&format!("{elsewhere}?x=1")), format!("{elsewhere}?x=1&sslmode=require"));
        assert_eq!(with_tls("postgres://192.0.2.1/app"), "postgres://192.0.2.1/app?sslmode=require");
        for elsewhere in ["postgres:///app?host=db.example.com", "postgres://localhost/app?hostaddr=203.0.113.5"] {
            assert_eq!(with_tls(elsewhere), format!("{elsewhere}&sslmode=require"));
        }
        for kept in [
            "postgres://app@127.0.0.1:5432/app",
            "postgres://app@[::1]:5432/app",
            "postgres://%2Frun%2Fpostgresql/app",
            "postgres://localhost/app",
            "postgres:///app?host=/run/postgresql",
            "postgres://db.example.com/app?sslmode=verify-full",
        ] {
            assert_eq!(with_tls(kept), kept);
        }
    }

    #[test]
    fn only_a_file_has_a_path() {
        assert_eq!(file("sqlite:app.db"), Some("app.db".into()));
        assert_eq!(file("sqlite:///a%20folder/app.db?mode=ro"), Some("/a folder/app.db".into()));
        assert_eq!(file("sqlite::memory:"), None);
        assert_eq!(file("postgres://host/app"), None);
    }
}
