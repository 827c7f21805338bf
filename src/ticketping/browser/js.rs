//! JavaScript's objects as they are: properties by name, and functions that do nothing.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

pub(super) fn get(target: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(target, &name.into()).ok()
}

pub(super) fn text(target: &JsValue, name: &str) -> Option<String> {
    get(target, name)?.as_string()
}

pub(super) fn function(target: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(target, &name.into()).ok()?.dyn_into().ok()
}

pub(super) fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _frozen = Reflect::set(target, &name.into(), value);
}

thread_local! {
    // One of each for the whole page: what is left of a stopped widget may call them at any time.
    static NOOP: JsValue = Closure::<dyn Fn()>::new(|| {}).into_js_value();
    static NEVER: JsValue =
        Closure::<dyn Fn() -> Promise>::new(|| Promise::new(&mut |_, _| {})).into_js_value();
}

pub(super) fn noop() -> JsValue {
    NOOP.with(Clone::clone)
}

pub(super) fn never() -> JsValue {
    NEVER.with(Clone::clone)
}
