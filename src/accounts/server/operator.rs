//! What an operator does with accounts, from the command line.

use std::fmt::Write as _;

use secrecy::ExposeSecret;

use super::{
    EmailAddress, Links, Sessions, User, Users,
    account_changes::end_pending,
    links::{Purpose, Subject},
    second_factor::factors,
    users,
};
use crate::server::{
    command_line::OperatorCommand,
    config::Config,
    database::{self, Database, DatabaseError},
    mail::{MailKind, NewMail, outbox},
    security_log::{self, Event},
};

/// What the log calls somebody at this machine's terminal.
const CLIENT: &str = "command_line";

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the database did not answer, so perhaps not all of it was done: run it again. {0}")]
    Statement(#[from] sqlx::Error),
    #[error("{0} is disabled, and nobody can log in with a new password: `enable` first")]
    Disabled(String),
    #[error("there is no user with the id or the address {0}: `ticketping-leptos users` lists them")]
    NoSuchUser(String),
}

/// Does it, and says in a sentence what was done.
pub async fn execute(command: &OperatorCommand, config: &Config) -> Result<String, OperatorError> {
    let url = config.database_url.expose_secret();
    let database = Database::open_existing(url).await?;
    let users = Users::new(database.pool.clone());
    let sessions = Sessions::new(database.pool.clone(), users.clone());
    // A server with SQLite asks its table again after this long.
    let when = if database::file(url).is_some() { "within 5 seconds" } else { "at once" };
    let done = match command {
        OperatorCommand::Users(text) => list(&users, text).await?,
        OperatorCommand::EndSessions(user) => {
            let user = find(&users, user).await?;
            let count = sessions.list_for_user(&user.id).await?.len();
            end(&database, &sessions, &user).await?;
            record(Event::SessionEnd, "by_operator", Some(&user));
            format!("{} is logged out. Sessions ended: {count}. This takes effect {when}.", describe(&user))
        }
        OperatorCommand::Disable(user) => {
            let user = find(&users, user).await?;
            users.set_disabled(&user.id, true).await?;
            end(&database, &sessions, &user).await?;
            record(Event::SessionEnd, "disabled_by_operator", Some(&user));
            format!(
                "{} is disabled and logged out everywhere. This takes effect {when}. `enable` undoes it.",
                describe(&user)
            )
        }
        OperatorCommand::Enable(user) => {
            let user = find(&users, user).await?;
            users.set_disabled(&user.id, false).await?;
            record(Event::Operator, "enabled", Some(&user));
            format!("{} can log in.", describe(&user))
        }
        OperatorCommand::RemoveFactors(user) => {
            let user = find(&users, user).await?;
            let mut transaction = database.pool.begin().await?;
            // Nobody who is about to add one goes on.
            users::end_log_ins(&mut transaction, &user.id).await?;
            if !factors::remove_all(&mut transaction, &user.id).await? {
                return Ok(format!("{} has no second factor: nothing was changed.", describe(&user)));
            }
            outbox::insert(&mut transaction, &NewMail::about(&user, MailKind::FactorsChanged)).await?;
            transaction.commit().await?;
            end(&database, &sessions, &user).await?;
            record(Event::SecondFactor, "removed_by_operator", Some(&user));
            format!(
                "{} is logged out everywhere (this takes effect {when}) and can log in with the password alone. They hear of it by mail.",
                describe(&user)
            )
        }
        OperatorCommand::ResetLink(user) => {
            let user = find(&users, user).await?;
            if user.is_disabled {
                return Err(OperatorError::Disabled(describe(&user)));
            }
            let subject = Subject::Reset { user: &user, email: &user.email };
            let link = Links::new(database.pool.clone()).create(subject, None).await?;
            let link = link.ok_or_else(|| OperatorError::NoSuchUser(describe(&user)))?;
            record(Event::Reset, "link_by_operator", Some(&user));
            format!(
                "For {}, once, for one hour. Anyone who has it can set the password:\n{}",
                describe(&user),
                link.url(&config.origin(), Purpose::Reset)
            )
        }
    };
    database.pool.close().await;
    Ok(done)
}

/// Ends the sessions of a user, what somebody in one of them has begun, and log-ins that wait for their second factor.
async fn end(database: &Database, sessions: &Sessions, user: &User) -> Result<(), OperatorError> {
    let mut transaction = database.pool.begin().await?;
    users::end_log_ins(&mut transaction, &user.id).await?;
    end_pending(&mut transaction, &user.id).await?;
    transaction.commit().await?;
    Ok(sessions.end(&user.id, |_| true).await?)
}

async fn list(users: &Users, text: &str) -> Result<String, OperatorError> {
    let found = users.find(&text.to_lowercase()).await?;
    record(Event::Operator, "users_listed", None);
    let mut table = String::new();
    for user in &found {
        let state = if user.is_disabled { "  disabled" } else { "" };
        let _never_fails = writeln!(table, "{}  {}{state}", user.id, user.email.as_str());
    }
    let more = if found.len() == 100 { " There may be more: give the beginning of an id or an address." } else { "" };
    Ok(format!("{table}{} users.{more}", found.len()))
}

async fn find(users: &Users, text: &str) -> Result<User, OperatorError> {
    let found = match EmailAddress::parse(text) {
        Some(email) => users.by_email(&email).await?,
        None => users.read(text).await?,
    };
    found.ok_or_else(|| OperatorError::NoSuchUser(text.to_owned()))
}

fn describe(user: &User) -> String {
    format!("{} ({})", user.email.as_str(), user.id)
}

fn record(event: Event, outcome: &'static str, user: Option<&User>) {
    security_log::record(event, outcome, user.map(|user| user.id.as_str()), CLIENT);
}
