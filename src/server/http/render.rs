//! Renders a page outside of the table of routes: for what asks the database first, what is not found, and what failed.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use leptos_axum::render_app_async_with_context;

use super::contexts::provide_page_context;
use crate::{app::shell, server::state::AppState};

/// Renders the app, with more in its context.
pub async fn render_page(
    state: &AppState,
    request: Request,
    provide_more: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let (for_context, options) = (state.clone(), state.leptos.clone());
    let context = move || {
        provide_page_context(&for_context);
        provide_more();
    };
    render_app_async_with_context(context, move || shell(options.clone()))(request).await.into_response()
}
