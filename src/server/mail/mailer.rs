//! Sends what stands in the outbox, in the background.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use lettre::message;
use metrics::{counter, gauge};
use time::OffsetDateTime;
use tokio::{sync::Semaphore, time as tokio_time};

use super::{
    MailKind, Outbox, Transport, TransportError, messages, outbox::Mail, transport::ServerError, written::Written,
};
use crate::{
    accounts::server::{Links, Users, links::Subject},
    request_context::MailText,
    server::rate_limits::RateLimits,
};

/// How often somebody looks for mails whose next try has come, and for those of a machine that died.
const POLL: Duration = Duration::from_secs(5);
/// How long a mail is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a try may take, however slow the database and the mail server are: less than a mail is kept from other machines.
const TRY_TIMEOUT: Duration = Duration::from_secs(50);
/// How many mails are sent at once.
const AT_ONCE: usize = 8;

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("it took longer than {} seconds", TRY_TIMEOUT.as_secs())]
    TooSlow,
    #[error("as many mails as may leave for now have left")]
    TooMany(Duration),
}

/// Everything that a mail needs.
pub struct Mailer {
    /// Where mails stand until they are sent.
    pub outbox: Outbox,
    /// Makes their links.
    pub links: Links,
    /// Knows whose an address is.
    pub users: Users,
    /// How mails leave.
    pub transport: Transport,
    /// How many may leave.
    pub limits: Arc<RateLimits>,
    /// The sender.
    pub from: message::Mailbox,
    /// The site that links lead to, from `PUBLIC_URL` and nowhere else.
    pub origin: String,
    /// What it did last, and whose turn it is.
    pub state: MailerState,
}

/// What a [`Mailer`] keeps for itself.
pub struct MailerState {
    sending_fails: AtomicBool,
    outbox_fails: AtomicBool,
    // Until when mails that anybody can ask for wait.
    waits_until: Mutex<Option<Instant>>,
    places: Arc<Semaphore>,
}

impl Default for MailerState {
    fn default() -> Self {
        Self {
            sending_fails: AtomicBool::default(),
            outbox_fails: AtomicBool::default(),
            waits_until: Mutex::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Mailer {
    /// Sends mails until the process ends, and counts those that wait.
    pub async fn run(self: Arc<Self>) {
        let mut tick = tokio_time::interval(POLL);
        let count = async {
            loop {
                tick.tick().await;
                if let Ok(waiting) = self.outbox.count().await {
                    gauge!("mails_waiting").set(waiting as f64);
                }
            }
        };
        tokio::join!(count, self.send_all());
    }

    /// Each in a task of its own, so one slow delivery delays no other.
    async fn send_all(self: &Arc<Self>) {
        loop {
            let Ok(place) = Arc::clone(&self.state.places).acquire_owned().await else { return };
            let Some(mail) = self.claim().await else {
                drop(place);
                // Whichever comes first.
                let pause = self.waits_for().map_or(POLL, |wait| wait.min(POLL));
                let _time_is_up = tokio_time::timeout(pause, self.outbox.added()).await;
                continue;
            };
            let mailer = Arc::clone(self);
            tokio::spawn(async move {
                mailer.send(mail).await;
                drop(place);
                // There may be one to the same address that waited for it.
                mailer.outbox.wake();
            });
        }
    }

    /// Sends every mail whose time has come, and waits for those that are on their way.
    pub async fn send_waiting(&self) {
        // Another who waits here must wait for what is claimed here, too.
        let place = self.state.places.acquire().await;
        while let Some(mail) = self.claim().await {
            self.send(mail).await;
        }
        drop(place);
        let _all = self.state.places.acquire_many(AT_ONCE as u32).await;
    }

    /// Waits for the mails that are on their way, but for no longer than `timeout`: they would be sent once more. To be
    /// called when no more are claimed.
    pub async fn finish(&self, timeout: Duration) {
        let all = self.state.places.acquire_many(AT_ONCE as u32);
        if tokio_time::timeout(timeout, all).await.is_err() {
            tracing::warn!("mails that were being sent were cut off");
        }
    }

    async fn claim(&self) -> Option<Mail> {
        let claimed = self.outbox.claim(self.waits_for().is_none()).await;
        let failed = claimed.is_err();
        if self.state.outbox_fails.swap(failed, Ordering::Relaxed) != failed {
            match &claimed {
                Err(error) => tracing::warn!(%error, "the mails that wait cannot be read"),
                Ok(_) => tracing::info!("the mails that wait can be read again"),
            }
        }
        claimed.ok().flatten()
    }

    /// For how long mails that anybody can ask for wait from now on.
    fn waits_for(&self) -> Option<Duration> {
        let until = *self.state.waits_until.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now())
    }

    async fn send(&self, mail: Mail) {
        let tried = tokio_time::timeout(TRY_TIMEOUT, self.try_to_send(&mail)).await;
        let outcome = match tried.unwrap_or(Err(SendError::TooSlow)) {
            Ok(outcome) => outcome,
            // Another try would fare no better, and costs the sender's good name.
            Err(SendError::Transport(error @ TransportError::Server { error: ServerError::NoMailbox(_), .. })) => {
                tracing::warn!(%error, mail = mail.id, kind = ?mail.kind, "a mail was refused");
                "refused"
            }
            Err(SendError::TooMany(wait)) => {
                *self.state.waits_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait);
                if let Err(error) = self.outbox.put_back(&mail).await {
                    self.failed(&error);
                }
                return;
            }
            Err(error) => {
                self.failed(&error);
                let age = OffsetDateTime::now_utc().unix_timestamp() - mail.created_at;
                if age < GIVE_UP_AFTER.as_secs().cast_signed() {
                    counter!("mails_total", "outcome" => "failed").increment(1);
                    if let Err(error) = self.outbox.postpone(&mail).await {
                        self.failed(&error);
                    }
                    return;
                }
                tracing::error!(mail = mail.id, kind = ?mail.kind, "a mail was given up after a day");
                "given_up"
            }
        };
        counter!("mails_total", "outcome" => outcome).increment(1);
        if let Err(error) = self.outbox.remove(&mail).await {
            // It is sent once more.
            self.failed(&error);
        }
    }

    async fn try_to_send(&self, mail: &Mail) -> Result<&'static str, SendError> {
        let Some(written) = self.write(mail).await? else { return Ok("not_needed") };
        self.transport.send(&written, &self.from).await?;
        self.works_again();
        Ok("sent")
    }

    /// The mail, with a link that is made now. `None` when there is nothing to say, or nobody to say it to.
    async fn write(&self, mail: &Mail) -> Result<Option<Written>, SendError> {
        let at_address = self.users.by_email(&mail.email).await?;
        let user = match &mail.user_id {
            Some(id) => self.users.read(id).await?,
            None => at_address.clone(),
        };
        let (email, name) = (&mail.email, mail.name.as_deref());
        let (text, subject) = match (mail.kind, &user) {
            // An operator has to enable the account first.
            (_, Some(user)) if user.is_disabled => return Ok(None),
            (MailKind::SignUp, None) => (messages::sign_up(), Subject::SignUp { email, name }),
            (MailKind::SignUp, Some(user)) => (messages::known_address(), Subject::Reset { user, email }),
            (MailKind::Reset, Some(user)) => (messages::reset(), Subject::Reset { user, email }),
            (MailKind::ChangeEmail, Some(user)) if user.email == *email => return Ok(None),
            (MailKind::ChangeEmail, Some(user)) => {
                let change = Subject::ChangeEmail { user, email };
                match &at_address {
                    None => (messages::change_email(), change),
                    Some(owner) => {
                        // An older link ends in any case: whether it does must not tell whether the address has an account.
                        // Nobody gets this one, and it would do nothing.
                        self.links.create(change, Some(&mail.id)).await?;
                        if owner.is_disabled {
                            return Ok(None);
                        }
                        (messages::known_address(), Subject::Reset { user: owner, email })
                    }
                }
            }
            (MailKind::ChangeEmailNotice, Some(user)) => {
                (messages::change_email_notice(), Subject::Reset { user, email })
            }
            (MailKind::GuessesNotice, Some(user)) => (messages::guesses_notice(), Subject::Reset { user, email }),
            (MailKind::PasswordChanged, Some(user)) => (messages::password_changed(), Subject::Reset { user, email }),
            (MailKind::FactorsChanged, Some(user)) => {
                (messages::factors_changed(), Subject::UndoFactors { user, email })
            }
            (MailKind::FactorsLost, Some(user)) => (messages::factors_lost(), Subject::Reset { user, email }),
            (MailKind::CodesNotice, Some(user)) => (messages::codes_notice(), Subject::Reset { user, email }),
            (MailKind::AccountRemoved, None) => {
                let external_id = mail.user_id.as_deref().unwrap_or_default();
                let text = messages::account_removed(external_id);
                if self.links.has_sign_up(email).await? {
                    // They have come back already, by a link that is to go on working.
                    return Ok(Some(self.written(mail, text, format!("{}/signup", self.origin))));
                }
                (text, Subject::SignUp { email, name: None })
            }
            _ => return Ok(None),
        };
        // The sandbox's mailbox takes any number.
        let is_limited = MailKind::ASKED_FOR.contains(&mail.kind) && !matches!(self.transport, Transport::Mailbox(_));
        if is_limited {
            self.limits.mail_leaves().map_err(SendError::TooMany)?;
        }
        let url = match subject {
            // The account has another address by now: a link to this one would do nothing but end a good one.
            Subject::Reset { user, email } | Subject::UndoFactors { user, email } if user.email != *email => {
                format!("{}/forgot", self.origin)
            }
            subject => match self.links.create(subject, Some(&mail.id)).await? {
                Some(token) => token.url(&self.origin, subject.purpose()),
                // It was taken back in the meantime.
                None => return Ok(None),
            },
        };
        Ok(Some(self.written(mail, text, url)))
    }

    fn written(&self, mail: &Mail, text: MailText, url: String) -> Written {
        // Another id for each try: mailboxes that drop a mail they know would keep the one whose link is dead.
        Written { id: format!("{}.{}", mail.id, mail.tries), to: mail.email.clone(), text, url }
    }

    /// Says so once, until it works again.
    fn failed(&self, error: &dyn std::fmt::Display) {
        if !self.state.sending_fails.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "a mail could not be sent; it is tried again for a day");
        }
    }

    fn works_again(&self) {
        if self.state.sending_fails.swap(false, Ordering::Relaxed) {
            tracing::info!("mails are sent again");
        }
    }
}
