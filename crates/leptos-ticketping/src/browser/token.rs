//! Asks the app's own server for a token.

use js_sys::{Date, JSON, Object};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

use super::js::{get, set, text};
use crate::machine::TokenAnswer;

/// The token of the session's user.
pub async fn fetch_token(url: &str) -> TokenAnswer {
    match try_fetch_token(url).await {
        Ok(answer) => answer,
        Err(_) => TokenAnswer::Failed,
    }
}

async fn try_fetch_token(url: &str) -> Result<TokenAnswer, JsValue> {
    let options = RequestInit::new();
    options.set_cache(web_sys::RequestCache::NoStore);
    let headers = Object::new();
    set(&headers, "accept", &"application/json".into());
    options.set_headers(&headers);
    if let Ok(signal) = abort_after(15_000) {
        options.set_signal(Some(&signal));
    }
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(url, &options)).await?.dyn_into()?;
    if response.status() == 401 {
        return Ok(TokenAnswer::SignedOut);
    }
    if response.status() != 200 {
        return Ok(TokenAnswer::Failed);
    }
    // Both times are the server's: a wrong clock in the browser does not matter.
    let served = response.headers().get("date")?.map(|date| Date::parse(&date));
    let body = JsFuture::from(response.json()?).await?;
    let read = || {
        let jwt = text(&body, "jwt")?;
        let claims = read_claims(&jwt)?;
        let external_id = text(&claims, "external_id")?;
        let now = served.filter(|served| served.is_finite()).unwrap_or_else(Date::now);
        let life = get(&claims, "exp")?.as_f64()? * 1_000.0 - now;
        (life > 0.0).then_some(TokenAnswer::Token { jwt, external_id, life })
    };
    Ok(read().unwrap_or(TokenAnswer::Failed))
}

/// Reads whose token it is. This is no check: only the server and Ticketping can check it.
fn read_claims(jwt: &str) -> Option<JsValue> {
    let payload = jwt.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let latin1 = window().atob(&payload).ok()?;
    // The browser's own way from bytes to UTF-8: it is on every page already.
    let text = js_sys::decode_uri_component(&String::from(js_sys::escape(&latin1))).ok()?;
    JSON::parse(&String::from(text)).ok()
}

/// Gives a request up. Not `AbortSignal.timeout()`, which some browsers lack: a request that hangs would be waited for
/// without end.
fn abort_after(milliseconds: i32) -> Result<web_sys::AbortSignal, JsValue> {
    let controller = AbortController::new()?;
    let signal = controller.signal();
    let abort = Closure::once_into_js(move || controller.abort());
    window().set_timeout_with_callback_and_timeout_and_arguments_0(abort.unchecked_ref(), milliseconds)?;
    Ok(signal)
}
