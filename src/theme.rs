//! Light and dark: the cookie decides, or else the system. The switch is an island.

use leptos::prelude::*;

/// Runs before the first paint, so that no wrong colour flashes up, and once more when a page that was made ahead is shown.
/// Without JavaScript the stylesheet follows the system by itself.
pub const BEFORE_FIRST_PAINT: &str = "(()=>{const r=document.documentElement,\
s=matchMedia('(prefers-color-scheme: dark)'),\
p=()=>{const c=/(?:^|; )theme=(light|dark)/.exec(document.cookie);r.dataset.theme=c?c[1]:s.matches?'dark':'light'};\
p();s.addEventListener('change',p);document.addEventListener('prerenderingchange',p)})()";

/// The button that turns the page from light to dark and back, and remembers it.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let switch = |_| {
        let Some(root) = document().document_element() else { return };
        let dark = root.get_attribute("data-theme").as_deref() == Some("dark");
        let theme = if dark { "light" } else { "dark" };
        let _kept = root.set_attribute("data-theme", theme);
        let secure = if window().location().protocol().as_deref() == Ok("https:") { "; Secure" } else { "" };
        let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
        let _blocked = js_sys::Reflect::set(&document(), &"cookie".into(), &cookie.into());
    };
    view! {
        <button type="button" class="theme-switch needs-script" aria-label="Switch between light and dark" on:click=switch>
            <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2"></circle>
                <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"></path>
            </svg>
        </button>
    }
}
