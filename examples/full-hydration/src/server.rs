//! Pages, the token endpoint, the widget's files and the stand-in for Ticketping's API.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{LeptosRoutes, generate_route_list};
use serde_json::json;
use tower_http::services::ServeDir;

use crate::{
    App, RequestUser, TEAM,
    sandbox::Sandbox,
    ticketping::{JwtSecret, Signer, TeamSlug, Visitor},
};

const TOKEN_LIFE: std::time::Duration = std::time::Duration::from_secs(300);

/// Everything that answers at `origin`; `site` is the folder of built files.
pub fn router(origin: &str, site: &str) -> Option<Router> {
    let secret = JwtSecret::random();
    let signer = Arc::new(Signer::new(&secret, TOKEN_LIFE));
    let sandbox = Sandbox::new(&secret, TeamSlug::parse(TEAM).ok()?, format!("{origin}/sandbox"));
    let options = LeptosOptions::builder().output_name("full_hydration").site_pkg_dir("pkg").build();
    let page_options = options.clone();
    let user = || {
        let parts = use_context::<http::request::Parts>();
        provide_context(RequestUser(parts.and_then(|parts| logged_in(&parts.headers))));
    };
    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), user, move || shell(page_options.clone()))
        .with_state(options);
    Some(
        pages
            .route("/chat-jwt", get(chat_jwt).with_state(signer))
            .nest_service("/sandbox", sandbox.router())
            .fallback_service(ServeDir::new(site)),
    )
}

async fn chat_jwt(State(signer): State<Arc<Signer>>, headers: HeaderMap) -> Response {
    let visitor = logged_in(&headers).map(|user| Visitor {
        email: format!("{user}@example.com"),
        external_id: user,
        display_name: None,
    });
    let jwt = visitor.and_then(|visitor| signer.sign(&visitor, SystemTime::now()).ok());
    let status = if jwt.is_some() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "jwt": jwt }))).into_response()
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
