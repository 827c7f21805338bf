//! Every text that we send by mail. No text holds what a stranger typed: a mail can be asked for with any address.

use crate::{
    request_context::MailText,
    site::{APP_NAME, SUPPORT_ADDRESS},
};

const ONCE: &str = "The link works once, for one hour.";

/// To an address without an account.
pub fn sign_up() -> MailText {
    MailText {
        subject: format!("Finish signing up at {APP_NAME}"),
        reason: format!("Someone asked for an account at {APP_NAME} with this address."),
        button: "Choose a password",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this email: there is no account until someone uses the link.".to_owned(),
    }
}

/// To an address that has an account.
pub fn known_address() -> MailText {
    MailText {
        subject: format!("You already have an account at {APP_NAME}"),
        reason: format!(
            "Someone wanted to use this address at {APP_NAME}. It already has an account: log in with your \
             password, or choose a new one."
        ),
        button: "Choose a new password",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this email: nothing was changed.".to_owned(),
    }
}

/// To a person who forgot their password.
pub fn reset() -> MailText {
    MailText {
        subject: format!("Choose a new password for {APP_NAME}"),
        reason: format!("Someone asked for a new password for your account at {APP_NAME}."),
        button: "Choose a new password",
        about_link: "The link works once, for one hour. Your other devices are logged out when you use it.",
        otherwise: "If it was not you, ignore this email: your password stays as it is.".to_owned(),
    }
}

/// To the new address of an account.
pub fn change_email() -> MailText {
    MailText {
        subject: format!("Confirm your address for {APP_NAME}"),
        reason: format!("The owner of an account at {APP_NAME} wants to use this address for it."),
        button: "Confirm the address",
        about_link: ONCE,
        otherwise: "If it was not you, ignore this email: the account keeps its old address.".to_owned(),
    }
}

/// To the old address of an account.
pub fn change_email_notice() -> MailText {
    MailText {
        subject: format!("Someone asked to change the email address of your account at {APP_NAME}"),
        reason: format!(
            "Someone who is logged in to your account at {APP_NAME} asked to use another address for it. \
             If it was you, follow the link that we sent to the new address."
        ),
        button: "It was not me",
        about_link: "If it was not you, use the link within the hour to choose a new password. That signs out everyone \
                     else and stops the change.",
        otherwise: format!("If the link no longer works, write to {SUPPORT_ADDRESS}."),
    }
}

/// To the owner of an account whose password someone guesses.
pub fn guesses_notice() -> MailText {
    MailText {
        subject: format!("Someone is trying passwords on your account at {APP_NAME}"),
        reason: format!(
            "Someone tried several wrong passwords on your account at {APP_NAME}, and must now wait before trying \
             again. You can still log in with a browser in which you have used your current password."
        ),
        button: "Choose a new password",
        about_link: "If you forgot your password, choose a new one with the link. It works once, for one hour.",
        otherwise: "If your password is used for this account only, there is nothing else to do.".to_owned(),
    }
}

/// To the owner of an account whose password was changed.
pub fn password_changed() -> MailText {
    MailText {
        subject: format!("Your password for {APP_NAME} was changed"),
        reason: format!("The password of your account at {APP_NAME} was changed, and every other device logged out."),
        button: "It was not me",
        about_link: "If it was you, there is nothing to do. If it was not you, choose a new password with the link, \
                     within the hour.",
        otherwise: format!("If the link no longer works, write to {SUPPORT_ADDRESS}."),
    }
}

/// To the owner of an account whose second factor was changed.
pub fn factors_changed() -> MailText {
    MailText {
        subject: format!("The second factor of your account at {APP_NAME} was changed"),
        reason: format!(
            "The second factor of your account at {APP_NAME} has changed: an app, a passkey or recovery codes were \
             added or removed, or a recovery code was used."
        ),
        button: "It was not me",
        about_link: "If it was you, there is nothing to do. If it was not you, choose a new password with the link, \
                     within the hour: that also removes what was added.",
        otherwise: format!("If the link no longer works, or if you cannot log in, write to {SUPPORT_ADDRESS}."),
    }
}

/// To the owner of an account whose second factor is said to be lost.
pub fn factors_lost() -> MailText {
    MailText {
        subject: format!("Your second factor at {APP_NAME} was reported lost"),
        reason: format!(
            "Someone who knows your password for {APP_NAME} said that your app, your passkeys and your recovery codes \
             are lost. In three days the password alone will open your account. Log in with your second factor to stop that."
        ),
        button: "It was not me",
        about_link: "If it was not you, choose a new password with the link, within the hour: that stops it too.",
        otherwise: format!("If the link no longer works, write to {SUPPORT_ADDRESS}."),
    }
}

/// To the owner of an account for whose second factor someone tries codes.
pub fn codes_notice() -> MailText {
    MailText {
        subject: format!("Someone is trying codes for your second factor at {APP_NAME}"),
        reason: format!(
            "Someone entered several wrong codes for the second factor of your account at {APP_NAME}, after the right \
             password or in a browser that is logged in. If it was not you, someone knows your password or uses that browser."
        ),
        button: "Choose a new password",
        about_link: ONCE,
        otherwise: "If it was you, wait a few minutes and enter the newest code of your app.".to_owned(),
    }
}

/// To the owner of an account that was removed.
pub fn account_removed(external_id: &str) -> MailText {
    MailText {
        subject: format!("Your account at {APP_NAME} was removed"),
        reason: format!("Your account at {APP_NAME} was removed, with everything that this site kept about you."),
        button: "Open a new account",
        about_link: "The link is there in case you want to come back. It works once, for one hour.",
        otherwise: format!(
            "Ticketping keeps your conversations with the support team. To have them deleted, or if it was not you, \
             write to {SUPPORT_ADDRESS} and quote this ID: {external_id}"
        ),
    }
}
