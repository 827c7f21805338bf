//! Changes of an account that touch several tables, within a transaction of their caller.

use sqlx::AnyConnection;

use super::{EmailAddress, User, links, second_factor::factors, users};
use crate::server::mail::{MailKind, NewMail, outbox};

/// Sets the password of the account that has this address still, ends what is pending, and promises the mail about it.
pub async fn set_password(
    database: &mut AnyConnection,
    id: &str,
    email: &EmailAddress,
    password_hash: &str,
    checked_password_id: Option<&str>,
) -> sqlx::Result<Option<User>> {
    let user = users::set_password(database, id, email, password_hash, checked_password_id).await?;
    if let Some(user) = &user {
        end_pending(database, id).await?;
        outbox::insert(database, &NewMail::about(user, MailKind::PasswordChanged)).await?;
    }
    Ok(user)
}

/// Ends the links of an account, a change of address whose link is still to be made, and the recovery of factors that are
/// said to be lost: it may have been somebody else who began them.
pub async fn end_pending(database: &mut AnyConnection, id: &str) -> sqlx::Result<()> {
    links::delete_for_user(database, id).await?;
    factors::stop_recovery(database, id).await?;
    outbox::delete_changes_of_email(database, id).await
}
