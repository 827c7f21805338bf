//! The log, to standard error.

use std::{
    io::{self, BufWriter},
    time::Duration,
};

use tokio::time;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use super::config::{Config, LogFormat};

/// How many lines may wait to be written, and how much is written at once, in bytes.
const MAX_LINES: usize = 50_000;
const BUFFER_BYTES: usize = 64 * 1024;
/// How often it is said that lines were dropped.
const TELL_INTERVAL: Duration = Duration::from_secs(5);

/// The log. Its lines are written by a thread of their own, many at once, so that no request waits for
/// the program that reads them. What is still to be written is written when this is dropped, which takes a second at most.
pub struct Log {
    _writes_the_rest: WorkerGuard,
    dropped: ErrorCounter,
}

impl Log {
    /// As the settings say.
    pub fn start(config: &Config) -> Self {
        let lines = BufWriter::with_capacity(BUFFER_BYTES, io::stderr());
        let (writer, _writes_the_rest) = NonBlockingBuilder::default().buffered_lines_limit(MAX_LINES).finish(lines);
        let dropped = writer.error_counter();
        subscribe(config, writer);
        Self { _writes_the_rest, dropped }
    }

    /// Says how many lines there was no room for, once in a while.
    pub fn tell_of_dropped(&self) -> impl Future<Output = ()> + Send + use<> {
        let dropped = self.dropped.clone();
        async move {
            let (mut tick, mut told) = (time::interval(TELL_INTERVAL), 0);
            loop {
                tick.tick().await;
                let now = dropped.dropped_lines();
                if now > told {
                    tracing::warn!(
                        lines_in_all = now,
                        "lines of the log were dropped: they came faster than they could be written"
                    );
                    told = now;
                }
            }
        }
    }
}

fn subscribe(config: &Config, writer: NonBlocking) {
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter(&config.log_filter)).with_writer(writer).with_ansi(false);
    match config.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().with_span_list(false).init(),
    }
}

/// What is logged, beside what the settings say. A session that has ended is not suspicious, and a client that makes things
/// up must not fill the disk with lines about them. What fails at log-in we log ourselves; webauthn-rs writes out what it
/// was sent. Without a span of its own, axum-login names the user in ours.
fn filter(settings: &str) -> EnvFilter {
    let quiet = [
        "tower_sessions=error",
        "tower_sessions_core=error",
        "axum_login::session=off",
        "axum_login::service=error",
        // A line for each file.
        "memory_serve=warn",
        // And what begins like it.
        "webauthn_rs=off",
    ];
    let quiet = quiet.iter().filter_map(|directive| directive.parse().ok());
    quiet.fold(EnvFilter::new(settings), EnvFilter::add_directive)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_library_says_of_a_made_up_passkey_is_not_logged() {
        let lines = Lines::default();
        let writer = lines.clone();
        let logs = tracing_subscriber::fmt().with_env_filter(filter("info")).with_writer(move || writer.clone());
        tracing::subscriber::with_default(logs.finish(), || {
            tracing::error!(target: "webauthn_rs_core::internals", "e=[159, 159, 159]");
            tracing::error!("ours");
        });
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(lines.contains("ours") && !lines.contains("159"), "{lines}");
    }
}
