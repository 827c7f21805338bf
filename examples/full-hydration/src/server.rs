//! Pages, the token endpoint, the widget's files and the stand-in for Ticketping's API.

use axum::{Router, response::Response, routing::get};
use http::{HeaderMap, header};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{LeptosRoutes, generate_route_list};
use leptos_ticketping::{JwtSecret, Signer, TicketpingConfig, Visitor};
use ticketping_sandbox::Sandbox;
use tower_http::services::ServeDir;

use crate::{App, RequestUser, TEAM};

/// Everything that answers at `origin`; `site` is the folder of built files.
pub fn router(origin: &str, site: &str) -> Router {
    let secret = JwtSecret::random();
    let signer = Signer::new(&secret);
    let sandbox = Sandbox::new(secret.expose_secret(), TEAM, format!("{origin}/sandbox"));
    let token = async move |headers: HeaderMap| -> Response<String> {
        let visitor = logged_in(&headers).map(|user| Visitor::new(&user, format!("{user}@example.com")));
        signer.respond(visitor.as_ref())
    };
    let options = LeptosOptions::builder().output_name("full_hydration").site_pkg_dir("pkg").build();
    let page_options = options.clone();
    let provide_user = || {
        let parts = use_context::<http::request::Parts>();
        provide_context(RequestUser(parts.and_then(|parts| logged_in(&parts.headers))));
    };
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), provide_user, move || {
            shell(page_options.clone())
        })
        .with_state(options)
        .route(TicketpingConfig::TOKEN_URL, get(token))
        .nest_service("/sandbox", sandbox.router())
        .fallback_service(ServeDir::new(site))
}

fn logged_in(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let user = cookie::Cookie::split_parse(cookies).flatten().find(|cookie| cookie.name() == "user")?;
    Some(user.value().to_owned()).filter(|user| !user.is_empty())
}

fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>"Full hydration"</title>
                <HydrationScripts options/>
            </head>
            <body><App/></body>
        </html>
    }
}
