//! The HTML around every page, and the table of routes. Runs on the server; of all this the
//! browser knows only the islands.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, Meta, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    error::AppError,
    layout::Layout,
    pages::{Account, ErrorPage, Home, LogIn, SignUp},
    theme,
};

/// What pages need to know of the site they are on.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The path that the site's files start with.
    pub assets: String,
    /// How browsers reach the site.
    pub public_url: String,
    /// Whether this server answers for Ticketping.
    pub sandbox: bool,
}

impl SiteInfo {
    /// Of this request; empty while the routes are listed at start.
    pub fn of_this_request() -> Self {
        use_context().unwrap_or(Self { assets: String::new(), public_url: String::new(), sandbox: false })
    }

    /// The URL of a file of the site.
    pub fn asset(&self, file: &str) -> String {
        format!("{}/{file}", self.assets)
    }
}

/// The document. A theme that was chosen is there from the start; else a line of script asks the
/// system before anything is painted.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let site = SiteInfo::of_this_request();
    let icon = site.asset("mark.svg");
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=chosen_theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <script nonce=use_nonce()>{theme::BEFORE_FIRST_PAINT}</script>
                <HashedStylesheet options=options.clone()/>
                <link rel="icon" type="image/svg+xml" href=icon/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The theme that the visitor chose, if he did.
fn chosen_theme() -> Option<&'static str> {
    let parts = use_context::<Cookies>()?;
    match parts.theme.as_deref() {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    }
}

/// The cookies that a page depends on.
#[derive(Clone, Debug)]
pub struct Cookies {
    /// `theme`, as it was sent.
    pub theme: Option<String>,
}

/// What the log calls this request, and the header `x-request-id` of its response.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Sends the browser elsewhere; the server puts it on each request.
#[derive(Clone)]
pub struct Redirect(pub std::sync::Arc<dyn Fn(&str) + Send + Sync>);

impl Redirect {
    /// To a path on this site.
    pub fn to(&self, path: &str) {
        (self.0)(path);
    }
}

/// Every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let site = SiteInfo::of_this_request();
    // Set where a request has failed before any route was asked.
    let failure = use_context::<AppError>();
    view! {
        <Title formatter=|title: String| format!("{title} · Ticketping for Leptos")/>
        <Meta name="description" content="Support chat that knows your logged-in users: Ticketping's widget in a full-stack Leptos app."/>
        <Meta property="og:image" content=format!("{}{}", site.public_url, site.asset("mark.svg"))/>
        <Router>
            <Layout>
                {match failure {
                    Some(error) => view! { <ErrorPage error/> }.into_any(),
                    None => view! {
                        <Routes fallback=|| view! { <ErrorPage error=AppError::NotFound/> }>
                            <Route path=path!("/") view=Home/>
                            <Route path=path!("/signup") view=SignUp/>
                            <Route path=path!("/login") view=LogIn/>
                            // Its list of devices is read while it is rendered.
                            <Route path=path!("/account") view=Account ssr=SsrMode::Async/>
                        </Routes>
                    }.into_any(),
                }}
            </Layout>
        </Router>
    }
}
