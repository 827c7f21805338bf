//! The page itself: how old it is, what time it is, and how it is made again.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventTarget, HtmlElement};

use super::{
    js::{call, get, is_truthy, text},
    owner::session_storage,
};

/// How often this tab was loaded again, and since when, in this tab's storage.
const RELOADS_KEY: &str = concat!(env!("CARGO_PKG_NAME"), ".reloads");
/// So often within so many milliseconds.
const MAX_RELOADS: u64 = 5;
const RELOADS_WITHIN: u64 = 30_000;

thread_local! {
    static MADE_AHEAD_WAS_READ: Cell<bool> = const { Cell::new(false) };
}

/// A clock that only goes forward, in milliseconds. It takes the larger step of the monotonic clock (which may
/// stand still while a machine sleeps) and the wall clock (which may be set back).
#[derive(Default)]
pub struct Clock {
    last: Option<(f64, f64)>,
    now: f64,
}

impl Clock {
    pub fn now(&mut self) -> f64 {
        let (monotonic, wall) = (since_page_start(), Date::now());
        if let Some((last_monotonic, last_wall)) = self.last {
            self.now += (monotonic - last_monotonic).max(wall - last_wall).max(0.0);
        }
        self.last = Some((monotonic, wall));
        self.now
    }
}

/// Milliseconds since this page began to load.
pub fn since_page_start() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// When this page was asked for, in milliseconds since 1970. Zero for a page that may be out of a cache: what
/// it says may be from any time before.
pub fn requested_at() -> f64 {
    if may_be_cached() { 0.0 } else { window().performance().map_or(0.0, |performance| performance.time_origin()) }
}

/// History brings pages back as they were, whatever their headers say.
fn may_be_cached() -> bool {
    timing_text("type").as_deref() == Some("back_forward") || is_cached()
}

/// Whether the page is out of a cache, or Chromium has prefetched it.
fn is_cached() -> bool {
    timing("transferSize") == Some(0.0) || timing_text("deliveryType").as_deref() == Some("navigational-prefetch")
}

/// An entry of the page's timing, in milliseconds since the page began.
fn timing(name: &str) -> Option<f64> {
    get(&navigation_timing()?, name)?.as_f64()
}

/// An entry of it that is a word.
fn timing_text(name: &str) -> Option<String> {
    text(&navigation_timing()?, name)
}

fn navigation_timing() -> Option<JsValue> {
    let performance = get(&window(), "performance")?;
    get(&call(&performance, "getEntriesByType", &"navigation".into())?, "0")
}

fn is_reload() -> bool {
    timing_text("type").as_deref() == Some("reload")
}

/// Whether the browser makes this page before its visitor has asked for it, as Chromium does.
pub fn is_prerendering() -> bool {
    is_truthy(&document(), "prerendering")
}

/// Calls back when a page that was made ahead is shown.
pub fn once_shown(callback: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(callback);
    let _added = document().add_event_listener_with_callback("prerenderingchange", callback.unchecked_ref());
}

/// How long before it was shown the page was made, in milliseconds; `None` for one that was made when its visitor asked for it.
/// The age of one that was only prefetched, or is out of a cache, is unknown. Answered once: a chat that is mounted anew is on a
/// page that its visitor has already seen.
pub fn made_ahead_by() -> Option<f64> {
    if MADE_AHEAD_WAS_READ.replace(true) {
        return None;
    }
    match timing("activationStart").filter(|shown_at| *shown_at > 0.0) {
        Some(shown_at) => {
            // The clock of pages stands still while a machine sleeps.
            let by_wall_clock = Date::now() - window().performance()?.time_origin();
            Some(shown_at.max(by_wall_clock) - timing("responseEnd")?)
        }
        None => (is_cached() && !is_reload()).then_some(f64::INFINITY),
    }
}

/// What says `navigate` as a link of this page is followed, where the browser has it: those that make pages ahead do, and may
/// show one before `pagehide` of the page that is left.
pub fn navigation() -> Option<EventTarget> {
    get(&window(), "navigation")?.dyn_into().ok()
}

/// Hides the page and loads it again: it shows another user's data. `false` when that was done so often that it leads
/// nowhere: then the page's user and the token's are never the same. A page that is hidden already came from history or from
/// a cache, and may be made again however often the visitor goes back to it.
pub fn reload_hidden() -> bool {
    if !is_hidden() && !count_reload() {
        return false;
    }
    hide_page(true);
    let _leaving = window().location().reload();
    true
}

/// Shows nothing of the page, or all of it again. What says that it is visible, as the widget's open window does, is so within
/// a page that is not, but not within a page that is transparent.
pub fn hide_page(hidden: bool) {
    if let Some(style) = root_style() {
        for (property, value) in [("visibility", "hidden"), ("opacity", "0")] {
            let _kept = style.set_property(property, if hidden { value } else { "" });
        }
    }
}

fn is_hidden() -> bool {
    root_style().and_then(|style| style.get_property_value("visibility").ok()).as_deref() == Some("hidden")
}

/// Notes a reload in this tab; whether there may be one more. Without storage there is one in a page's life.
fn count_reload() -> bool {
    let Some(storage) = session_storage() else { return !is_reload() };
    let kept = storage.get_item(RELOADS_KEY).ok().flatten();
    let read = |kept: String| {
        let (count, since) = kept.split_once(' ')?;
        Some((count.parse::<u64>().ok()?, since.parse::<u64>().ok()?))
    };
    let now = Date::now() as u64;
    let (count, since) =
        kept.and_then(read).filter(|(_, since)| now.abs_diff(*since) < RELOADS_WITHIN).unwrap_or((0, now));
    match storage.set_item(RELOADS_KEY, &format!("{} {since}", count + 1)) {
        Ok(()) => count < MAX_RELOADS,
        Err(_) => !is_reload(),
    }
}

/// The inline style of `<html>`.
pub fn root_style() -> Option<web_sys::CssStyleDeclaration> {
    let root: JsValue = document().document_element()?.into();
    root.dyn_into::<HtmlElement>().ok().map(|root| root.style())
}
