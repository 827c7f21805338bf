//! Wakes a page's islands, in place of Leptos's `HydrationScripts`. That one preloads the WASM with a link, which WebKit's
//! `fetch` does not use, so that Safari loads the file twice; and it waits for an idle page before it begins. At
//! the first press, key or step in the history it loads `public/navigation.js`, which shows the next page in the document that is there.

use std::sync::LazyLock;

use leptos::{nonce::use_nonce, prelude::*};

/// Loads JavaScript and WASM while the page arrives, and wakes the islands in their order, each inside what it is a child of.
/// `wakeIslands` and `loadedAs` are for `public/navigation.js`, which may show another page before any island has woken.
/// A press on a link inside an island that still sleeps is held back, and made again once the island is awake; after ten
/// seconds the link is followed as without script. In one line, because it is in every page: hence no comments, and a mark at
/// the end of each statement.
static SCRIPT: LazyLock<String> = LazyLock::new(|| include_str!("hydration.js").lines().map(str::trim_start).collect());

/// The script. It stands before the stylesheet, as a script waits for the stylesheets before it.
#[component]
pub fn HydrationScript(options: LeptosOptions) -> impl IntoView {
    let path = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    view! { <script nonce=use_nonce()>{format!("{}({path:?})", *SCRIPT)}</script> }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_script_means_the_same_in_one_line() {
        for line in include_str!("hydration.js").lines() {
            assert!(line.ends_with([';', '{', '}', '(', ')']) && !line.contains("//"), "{line}");
        }
    }
}
