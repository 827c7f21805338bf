//! The forms that mails lead to and from: sign-up, a forgotten password, and what their links open.
//!
//! Asking for a link writes one row of the outbox, for every address. Whether there is an account is looked
//! up when the mail is sent: the answer to the form cannot tell, nor can its time.

use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection;

use super::{
    Accounts, EmailAddress, Shown, User, account_changes,
    links::{self, Link, Purpose},
    second_factor::factors,
    users,
    validate::{validate_email, validate_name, validate_readable},
};
use crate::{
    accounts::{Form, FormFeedback},
    error::AppError,
    server::{
        database::statement,
        mail::{MailKind, NewMail},
        security_log::Event,
    },
};

impl Accounts {
    /// Promises a mail with a link that creates an account.
    pub async fn sign_up(self, name: &str, email: &str) -> Result<(), AppError> {
        validate_readable(&[name, email])?;
        let typed = FormFeedback { name: name.to_owned(), email: email.to_owned(), ..Form::SignUp.into() };
        match (validate_name(name), validate_email(email)) {
            (Ok(name), Ok(address)) => {
                self.limit_form(self.limits.mail(self.client, MailKind::SignUp, &address), "/signup", typed)?;
                self.send(NewMail { name, ..NewMail::new(MailKind::SignUp, &address) }).await?;
                self.record(Event::SignUp, "asked_for", None);
                self.to_check_mail(&address);
            }
            (name_result, email_result) => {
                let errors = [name_result.err(), email_result.err()].into_iter().flatten().collect();
                self.back_to_form("/signup", FormFeedback { errors, ..typed });
            }
        }
        Ok(())
    }

    /// Promises a mail with a link to a new password.
    pub async fn forgot_password(self, email: &str) -> Result<(), AppError> {
        validate_readable(&[email])?;
        let typed = FormFeedback { email: email.to_owned(), ..Form::Forgot.into() };
        match validate_email(email) {
            Ok(address) => {
                self.limit_form(self.limits.mail(self.client, MailKind::Reset, &address), "/forgot", typed)?;
                self.send(NewMail::new(MailKind::Reset, &address)).await?;
                self.record(Event::Reset, "asked_for", None);
                self.to_check_mail(&address);
            }
            Err(error) => self.back_to_form("/forgot", FormFeedback { errors: vec![error], ..typed }),
        }
        Ok(())
    }

    /// Uses a link: creates the account, by this name or else by the one of the sign-up, or sets its new password; and
    /// signs in.
    pub async fn choose_password(
        mut self,
        token: &str,
        password: SecretString,
        name: Option<&str>,
    ) -> Result<(), AppError> {
        validate_readable(&[token, password.expose_secret(), name.unwrap_or_default()])?;
        self.limit(self.limits.link(self.client))?;
        let found = self.auth.backend.links.find(token).await?;
        let Some(link) = found.filter(|link| link.purpose != Purpose::ChangeEmail) else {
            self.link_failed("/choose-password", token);
            return Ok(());
        };
        let (checked_name, name_error) = match name.map(validate_name).transpose() {
            Ok(name) => (name.unwrap_or(link.name.as_deref()), None),
            Err(error) => (None, Some(error)),
        };
        let password_error =
            self.auth.backend.passwords.validate_new(&password, &link.email, &self.place(true)?).await?;
        let errors: Vec<_> = name_error.into_iter().chain(password_error).collect();
        if !errors.is_empty() {
            let name = name.or(link.name.as_deref()).unwrap_or_default().to_owned();
            let feedback = FormFeedback { name, ..FormFeedback::new(Form::ChoosePassword, errors) };
            self.back_to_form(&link_page("/choose-password", token), feedback);
            return Ok(());
        }
        let hash = self.auth.backend.passwords.hash(&password, &self.place(true)?).await?;
        let Some((link, user)) = self.use_for_password(token, link.user_id.as_deref(), checked_name, &hash).await?
        else {
            self.link_failed("/choose-password", token);
            return Ok(());
        };
        let event = if link.purpose == Purpose::SignUp { Event::SignUp } else { Event::Reset };
        self.record(event, "done", Some(&user.id));
        if link.purpose == Purpose::UndoFactors {
            self.record(Event::SecondFactor, "undone", Some(&user.id));
        }
        self.auth.backend.users.was_changed(&user.id);
        self.auth.backend.sessions.end(&user.id, |_| true).await?;
        self.auth.backend.outbox.wake();
        // A person who reads the mail has shown one factor, whatever it was used for.
        if !self.begin_second_step(&user, false, "/account").await? {
            self.start_session(&user, false, Shown::Password).await?;
            match link.purpose {
                Purpose::UndoFactors => self.back_to_factors(Vec::new()),
                Purpose::Reset => self.back_to_form("/account", Form::Password),
                _ => self.see_other("/account"),
            }
        }
        Ok(())
    }

    /// Uses a link: the account has the link's address from now on. Only its own user can: anyone else who opens the
    /// mail would give their address to a stranger's account.
    pub async fn confirm_email(self, token: &str) -> Result<(), AppError> {
        validate_readable(&[token])?;
        self.limit(self.limits.link(self.client))?;
        let user = self.user()?;
        let Some(user) = self.use_for_email(&user, token).await? else {
            self.link_failed("/confirm-email", token);
            return Ok(());
        };
        self.record(Event::EmailChange, "done", Some(&user.id));
        self.auth.backend.users.was_changed(&user.id);
        self.end_chat_token();
        self.back_to_form("/account", Form::Email);
        Ok(())
    }

    /// All of it or nothing: the link is used up, the account is there with its password, and its mail is promised.
    async fn use_for_password(
        &self,
        token: &str,
        user_id: Option<&str>,
        name: Option<&str>,
        hash: &str,
    ) -> sqlx::Result<Option<(Link, User)>> {
        statement::run("accounts.use_password_link", &self.auth.backend.pool, async |database| {
            let mut transaction = database.begin().await?;
            if let Some(id) = user_id {
                users::lock(&mut transaction, id, None).await?;
            }
            let Some(link) = links::consume(&mut transaction, token).await? else { return Ok(None) };
            let user = match (link.purpose, &link.user_id) {
                (Purpose::SignUp, _) => users::insert(&mut transaction, &link.email, name, hash).await?,
                (Purpose::Reset | Purpose::UndoFactors, Some(id)) => {
                    account_changes::set_password(&mut transaction, id, &link.email, hash, None).await?
                }
                _ => None,
            };
            if let (Purpose::UndoFactors, Some(user)) = (link.purpose, &user) {
                factors::remove_new(&mut transaction, &user.id).await?;
                links::delete_all(&mut transaction, &user.id).await?;
            }
            // A link that came too late is used up as well.
            transaction.commit().await?;
            Ok(user.map(|user| (link, user)))
        })
        .await
    }

    async fn use_for_email(&self, owner: &User, token: &str) -> sqlx::Result<Option<User>> {
        statement::run("accounts.use_email_link", &self.auth.backend.pool, async |database| {
            let mut transaction = database.begin().await?;
            users::lock(&mut transaction, &owner.id, None).await?;
            let link = links::consume(&mut transaction, token).await?;
            let Some(Link { purpose: Purpose::ChangeEmail, user_id: Some(id), email, .. }) = link else {
                return Ok(None);
            };
            if id != owner.id {
                return Ok(None);
            }
            let user = match users::set_email(&mut transaction, &id, &email, &owner.password_id).await {
                // Another account took the address at the same moment.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(None),
                changed => changed?,
            };
            if user.is_some() {
                // Those in the old mailbox open this account no more.
                links::delete_for_user(&mut transaction, &id).await?;
            }
            transaction.commit().await?;
            Ok(user)
        })
        .await
    }

    pub(super) async fn send(&self, mail: NewMail<'_>) -> Result<(), AppError> {
        Ok(self.auth.backend.outbox.add(&[mail]).await?)
    }

    /// To the page that says where the mail went.
    pub(super) fn to_check_mail(&self, email: &EmailAddress) {
        let email = email.as_str().to_owned();
        self.back_to_form("/check-mail", FormFeedback { email, ..Form::CheckMail.into() });
    }

    /// The page itself says that its link does not work.
    fn link_failed(&self, page: &str, token: &str) {
        self.record(Event::Refused, "link", self.user_id());
        self.see_other(&link_page(page, token));
    }
}

fn link_page(page: &str, token: &str) -> String {
    // What is no token of ours need not come back in an address.
    let token = if token.len() > links::MAX_TOKEN_CHARS { "" } else { token };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    format!("{page}?{query}")
}
