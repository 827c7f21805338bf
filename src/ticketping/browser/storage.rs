//! What is kept between pages: whose it is, and how it goes.

use std::cell::RefCell;

use js_sys::Reflect;
use leptos::prelude::{document, window};
use web_sys::Storage;

use super::{super::machine::Identity, resume::forget_resume};

/// Where this folder notes who owns what the widget stored. It only ever changes from one owner to
/// the next: were it gone in between, another tab would take the storage for cleared and claim it.
const OWNER_KEY: &str = "chat-owner";
/// The widget's own cookie and storage.
const CHAT_COOKIE: &str = "ticketping_chat_jwt";
const WIDGET_PREFIX: &str = "ticketping_";
const DEVICE_KEY: &str = "ticketping_device_id";

thread_local! {
    // The note where storage is blocked or full: then it lasts as long as the page.
    static MEMORY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Who owns what is stored; `None` when nobody is known to, or storage is out of reach.
pub fn stored_identity() -> Option<Identity> {
    let stored = || local_storage()?.get_item(OWNER_KEY).ok()?;
    let marker = MEMORY.with_borrow(Clone::clone).or_else(stored)?;
    Identity::from_marker(&marker)
}

/// Removes the widget's cookie and everything it stored, the device id aside.
pub fn purge() {
    let expired = format!("{CHAT_COOKIE}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/; SameSite=Strict");
    let _blocked = Reflect::set(&document(), &"cookie".into(), &expired.into());
    if let Some(storage) = local_storage() {
        let keys: Vec<String> =
            (0..storage.length().unwrap_or(0)).filter_map(|index| storage.key(index).ok().flatten()).collect();
        for key in keys {
            if key.starts_with(WIDGET_PREFIX) && key != DEVICE_KEY {
                let _blocked = storage.remove_item(&key);
            }
        }
    }
    forget_resume();
}

/// Notes the owner. The other tabs hear of it by the storage event, and by the caller's channel.
pub fn claim(identity: &Identity) {
    let kept = local_storage().is_some_and(|storage| storage.set_item(OWNER_KEY, &identity.to_marker()).is_ok());
    MEMORY.set((!kept).then(|| identity.to_marker()));
}

/// The note as it stands, to be told to other tabs.
pub fn mark() -> Option<String> {
    stored_identity().map(|identity| identity.to_marker())
}

/// Another tab says who the owner is. It is news only where storage cannot tell.
pub fn hear(marker: Option<String>) {
    MEMORY.with_borrow_mut(|memory| {
        if memory.is_some() && marker.is_some() {
            *memory = marker;
        }
    });
}

/// Whether a storage event is about the owner.
pub fn is_owner_key(key: Option<String>) -> bool {
    // `None` is a storage that was cleared as a whole.
    key.is_none_or(|key| key == OWNER_KEY)
}

pub(super) fn local_storage() -> Option<Storage> {
    // Where storage is blocked, even asking for it throws.
    window().local_storage().ok().flatten()
}

pub(super) fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
