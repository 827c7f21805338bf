//! JavaScript objects by the names of their properties, and functions that do nothing.

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

pub fn get(target: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(target, &name.into()).ok()
}

pub fn text(target: &JsValue, name: &str) -> Option<String> {
    get(target, name)?.as_string()
}

pub fn function(target: &JsValue, name: &str) -> Option<Function> {
    get(target, name)?.dyn_into().ok()
}

/// Whether a property is there and is neither false, zero nor empty.
pub fn is_truthy(target: &JsValue, name: &str) -> bool {
    get(target, name).is_some_and(|value| value.is_truthy())
}

/// Calls a method; `None` where there is none, or it throws.
pub fn call(target: &JsValue, method: &str, argument: &JsValue) -> Option<JsValue> {
    function(target, method)?.call1(target, argument).ok()
}

/// Calls a method of a part.
pub fn call_part(target: &JsValue, part: &str, method: &str, argument: &JsValue) -> Option<JsValue> {
    call(&get(target, part)?, method, argument)
}

/// Calls a function; null where it throws.
pub fn apply(function: &Function, this: &JsValue, arguments: &[JsValue]) -> JsValue {
    function.apply(this, &arguments.iter().collect::<Array>()).unwrap_or(JsValue::NULL)
}

pub fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _frozen = Reflect::set(target, &name.into(), value);
}

/// The property that marks a widget as stopped.
pub const STOPPED: &str = "stoppedByPage";

type Reaction = Closure<dyn Fn(JsValue, JsValue) -> JsValue>;

thread_local! {
    // One of each for the whole page: what is left of a stopped widget may call them at any time.
    static NOOP: JsValue = Closure::<dyn Fn()>::new(|| {}).into_js_value();
    static RETURNS_UNSETTLED: JsValue = Closure::<dyn Fn() -> Promise>::new(unsettled).into_js_value();
    static ON_FULFILLED: Function = reaction(|value| value);
    static ON_REJECTED: Function = reaction(|error| Promise::reject(&error).into());
}

fn reaction(react: impl Fn(JsValue) -> JsValue + 'static) -> Function {
    let reaction: Reaction = Closure::new(
        move |widget: JsValue, value| {
            if is_truthy(&widget, STOPPED) { unsettled().into() } else { react(value) }
        },
    );
    reaction.into_js_value().unchecked_into()
}

/// The same promise, but one that is never settled once `widget` has been stopped.
pub fn unless_stopped(widget: &JsValue, promise: &Promise) -> JsValue {
    let bound = |reaction: &Function| {
        function(reaction, "bind").and_then(|bind| bind.call2(reaction, &JsValue::UNDEFINED, widget).ok())
    };
    let (Some(on_fulfilled), Some(on_rejected)) = (ON_FULFILLED.with(bound), ON_REJECTED.with(bound)) else {
        return promise.into();
    };
    function(promise, "then")
        .and_then(|then| then.call2(promise, &on_fulfilled, &on_rejected).ok())
        .unwrap_or_else(|| unsettled().into())
}

/// A promise that is never settled.
pub fn unsettled() -> Promise {
    Promise::new(&mut |_, _| {})
}

/// A function that does nothing.
pub fn noop() -> JsValue {
    NOOP.with(Clone::clone)
}

/// A function whose promise is never settled.
pub fn returns_unsettled() -> JsValue {
    RETURNS_UNSETTLED.with(Clone::clone)
}

/// Waits for so many milliseconds.
pub async fn after(milliseconds: i32) {
    let timer = Promise::new(&mut |resolve, _| {
        let _none = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    JsFuture::from(timer).await.ok();
}
