//! The HTML around every page, and the table of routes. It runs on the server; the browser knows only the islands.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, Meta, MetaTags, Title, provide_meta_context};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    error::AppError,
    hydration::HydrationScript,
    layout::Layout,
    pages::{
        AccountPage, CheckMailPage, ChoosePasswordPage, ConfirmEmailPage, ErrorPage, ForgotPage, HomePage, LogInPage,
        MailboxPage, NewAppPage, NewRecoveryCodesPage, PasskeyLogInPage, SecondFactorPage, SignUpPage,
    },
    request_context::{SiteInfo, ThemeCookie},
    site::APP_NAME,
    theme,
};

/// The document. A theme that the visitor chose is in it; otherwise a line of script asks the system before anything
/// is painted.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let icon = SiteInfo::from_request().asset("mark.svg");
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=ThemeCookie::chosen_theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <script nonce=use_nonce()>{theme::BEFORE_FIRST_PAINT}</script>
                <HydrationScript options=options.clone()/>
                <HashedStylesheet options=options.clone()/>
                <link rel="icon" type="image/svg+xml" href=icon/>
                <AutoReload options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Provided where a request failed before it reached a route.
    let failure = use_context::<AppError>();
    view! {
        <Title formatter=|title: String| format!("{title} · {APP_NAME}")/>
        <Meta name="description" content="Ticketping's support chat, tied to logged-in users."/>
        <Router>
            <Layout>
                {match failure {
                    Some(error) => view! { <ErrorPage error/> }.into_any(),
                    None => view! {
                        <FlatRoutes fallback=|| view! { <ErrorPage error=AppError::NotFound/> }>
                            <Route path=path!("/") view=HomePage/>
                            <Route path=path!("/signup") view=SignUpPage/>
                            <Route path=path!("/check-mail") view=CheckMailPage/>
                            <Route path=path!("/choose-password") view=ChoosePasswordPage/>
                            <Route path=path!("/login") view=LogInPage/>
                            <Route path=path!("/login/passkey") view=PasskeyLogInPage/>
                            <Route path=path!("/second-factor") view=SecondFactorPage/>
                            <Route path=path!("/forgot") view=ForgotPage/>
                            <Route path=path!("/confirm-email") view=ConfirmEmailPage/>
                            <Route path=path!("/account") view=AccountPage/>
                            <Route path=path!("/account/app") view=NewAppPage/>
                            <Route path=path!("/account/recovery-codes") view=NewRecoveryCodesPage/>
                            <Route path=path!("/sandbox/mail") view=MailboxPage/>
                        </FlatRoutes>
                    }.into_any(),
                }}
            </Layout>
        </Router>
    }
}
