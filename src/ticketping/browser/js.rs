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

/// What marks a widget that was stopped.
pub(super) const STOPPED: &str = "stoppedByPage";

type Passed = Closure<dyn Fn(JsValue, JsValue) -> JsValue>;

thread_local! {
    // One of each for the whole page: what is left of a stopped widget may call them at any time.
    static NOOP: JsValue = Closure::<dyn Fn()>::new(|| {}).into_js_value();
    static NEVER: JsValue =
        Closure::<dyn Fn() -> Promise>::new(|| Promise::new(&mut |_, _| {})).into_js_value();
    static ANSWERED: Function = passed(|answer| answer);
    static FAILED: Function = passed(|error| Promise::reject(&error).into());
}

fn passed(on: impl Fn(JsValue) -> JsValue + 'static) -> Function {
    let pass: Passed = Closure::new(move |widget: JsValue, value| {
        let stopped = get(&widget, STOPPED).is_some_and(|stopped| stopped.is_truthy());
        if stopped { never_settled() } else { on(value) }
    });
    pass.into_js_value().unchecked_into()
}

/// The same promise, but one that is never settled once `widget` was stopped.
pub(super) fn unless_stopped(widget: &JsValue, promise: &Promise) -> JsValue {
    let with_widget =
        |pass: &Function| function(pass, "bind").and_then(|bind| bind.call2(pass, &JsValue::UNDEFINED, widget).ok());
    let (answered, failed) = (ANSWERED.with(with_widget), FAILED.with(with_widget));
    let (Some(answered), Some(failed)) = (answered, failed) else { return promise.into() };
    function(promise, "then")
        .and_then(|then| then.call2(promise, &answered, &failed).ok())
        .unwrap_or_else(never_settled)
}

fn never_settled() -> JsValue {
    Promise::new(&mut |_, _| {}).into()
}

pub(super) fn noop() -> JsValue {
    NOOP.with(Clone::clone)
}

pub(super) fn never() -> JsValue {
    NEVER.with(Clone::clone)
}
