//! Who owns what the widget keeps between pages, and how it is removed.

use std::cell::RefCell;

use js_sys::{Date, Reflect};
use leptos::prelude::{document, window};
use web_sys::Storage;

use crate::{
    machine::{Identity, Owner},
    pinned::EXPIRED_CHAT_COOKIES,
};

/// Names the owner of what the widget stored. Overwritten, never removed: another tab would read a gap as
/// cleared storage and take it over.
const OWNER_KEY: &str = concat!(env!("CARGO_PKG_NAME"), ".owner");
/// The open conversation and its draft, in this tab's storage.
pub const RESUME_KEY: &str = concat!(env!("CARGO_PKG_NAME"), ".resume");
/// The widget's own storage.
const WIDGET_PREFIX: &str = "ticketping_";
const DEVICE_KEY: &str = "ticketping_device_id";

thread_local! {
    // The note, where storage is blocked or full: then it lasts as long as the page.
    static IN_MEMORY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The note as text, such as `user:7 1764038400000`. Whole milliseconds: reading and writing fractions is 7 kB of WASM.
fn to_note(owner: &Owner) -> String {
    let since = owner.since as u64;
    match &owner.identity {
        Identity::Anonymous => format!("anonymous {since}"),
        Identity::User(id) => format!("user:{id} {since}"),
    }
}

fn from_note(note: &str) -> Option<Owner> {
    let (who, since) = note.rsplit_once(' ')?;
    let identity = match who.strip_prefix("user:") {
        Some(id) => Identity::User(id.to_owned()),
        None => (who == "anonymous").then_some(Identity::Anonymous)?,
    };
    Some(Owner { identity, since: since.parse::<u64>().ok()? as f64 })
}

/// Who owns what is stored; `None` when that is not known.
pub fn owner() -> Option<Owner> {
    from_note(&owner_note()?)
}

/// The same as it is written.
pub fn owner_note() -> Option<String> {
    let stored = || local_storage()?.get_item(OWNER_KEY).ok()?;
    IN_MEMORY.with_borrow(Clone::clone).or_else(stored)
}

/// Whether what is stored belongs to this identity.
pub fn is_owner(identity: &Identity) -> bool {
    owner().is_some_and(|owner| owner.identity == *identity)
}

/// Removes the widget's cookie and everything it stored, except for the device id.
pub fn purge() {
    expire_chat_cookies();
    if let Some(storage) = local_storage() {
        let keys: Vec<String> =
            (0..storage.length().unwrap_or(0)).filter_map(|index| storage.key(index).ok().flatten()).collect();
        for key in keys {
            if key.starts_with(WIDGET_PREFIX) && key != DEVICE_KEY {
                let _blocked = storage.remove_item(&key);
            }
        }
    }
    if let Some(storage) = session_storage() {
        let _blocked = storage.remove_item(RESUME_KEY);
    }
}

/// Removes the widget's cookie, by either of its names.
pub fn expire_chat_cookies() {
    for expired in EXPIRED_CHAT_COOKIES {
        let _blocked = Reflect::set(&document(), &"cookie".into(), &expired.into());
    }
}

/// Notes the owner, and returns the note for the other tabs. They hear of it by the storage event and by the
/// caller's channel.
pub fn set_owner(identity: &Identity) -> String {
    let note = to_note(&Owner { identity: identity.clone(), since: Date::now() });
    let kept = local_storage().is_some_and(|storage| storage.set_item(OWNER_KEY, &note).is_ok());
    IN_MEMORY.set((!kept).then(|| note.clone()));
    note
}

/// Takes over the note of another tab. Needed only where storage is blocked or full.
pub fn adopt_note(note: Option<String>) {
    IN_MEMORY.with_borrow_mut(|in_memory| {
        if in_memory.is_some() && note.is_some() {
            *in_memory = note;
        }
    });
}

/// Whether a storage event is about the owner. `None` is a storage that was cleared as a whole.
pub fn is_owner_key(key: Option<String>) -> bool {
    key.is_none_or(|key| key == OWNER_KEY)
}

fn local_storage() -> Option<Storage> {
    // Where storage is blocked, even asking for it throws.
    window().local_storage().ok().flatten()
}

/// The storage of this tab.
pub fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_whatever_the_id() {
        for identity in [Identity::Anonymous, Identity::User("u-1".into()), Identity::User("a user: 7 ".into())] {
            let owner = Owner { identity, since: 1_764_038_400_000.0 };
            assert_eq!(from_note(&to_note(&owner)), Some(owner));
        }
        for nonsense in ["", "anonymous", "somebody 7", "user:u-1", "user:u-1 soon"] {
            assert_eq!(from_note(nonsense), None, "{nonsense}");
        }
    }
}
