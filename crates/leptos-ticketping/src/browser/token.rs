//! Asks the app's own server for a token.

use js_sys::{Date, JSON, Object};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use super::js::{call_part, get, set, text};
use crate::machine::TokenAnswer;

/// How long the server may take, in milliseconds.
const TIMEOUT: u32 = 15_000;

/// The token of the session's user.
pub async fn fetch_token(url: &str) -> TokenAnswer {
    try_fetch_token(url).await.unwrap_or(TokenAnswer::Failed)
}

async fn try_fetch_token(url: &str) -> Result<TokenAnswer, JsValue> {
    let options = RequestInit::new();
    options.set_cache(web_sys::RequestCache::NoStore);
    let headers = Object::new();
    set(&headers, "accept", &"application/json".into());
    options.set_headers(&headers);
    // A request that hangs would be waited for without end; browsers from before 2022 do wait.
    let signal = call_part(&window(), "AbortSignal", "timeout", &TIMEOUT.into());
    set(&options, "signal", &signal.unwrap_or_default());
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
