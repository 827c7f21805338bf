//! The only file that touches `window.TicketpingChat`, its cookie and its storage. It runs in the
//! browser; on the server it is compiled and never called.
//!
//! Each function is one command of `machine.rs`. What the published widget 1.12.0 gets wrong is
//! put right here, on the live object, and `end2end/` shows each of it against the real package.

use js_sys::{Array, Date, Function, JSON, Object, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement, RequestInit, Response, Storage};

use super::{
    machine::{Answer, Identity},
    settings::{Loading, WidgetSettings},
};

/// Where this folder notes who owns what the widget stored. It only ever changes from one owner to
/// the next: were it gone in between, another tab would take the storage for cleared and claim it.
const OWNER_KEY: &str = "chat-owner";
/// Where the open conversation and the draft wait for the next page. Per tab.
const RESUME_KEY: &str = "chat-resume";
/// The widget's own cookie and storage.
const CHAT_COOKIE: &str = "ticketping_chat_jwt";
const WIDGET_PREFIX: &str = "ticketping_";
const DEVICE_KEY: &str = "ticketping_device_id";

#[wasm_bindgen]
extern "C" {
    /// `window.TicketpingChat`.
    type Namespace;
    #[wasm_bindgen(method, catch)]
    fn init(this: &Namespace, config: &JsValue) -> Result<Instance, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn destroy(this: &Namespace) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter)]
    fn instance(this: &Namespace) -> Option<Instance>;

    /// What `init()` returns.
    #[derive(Clone)]
    type Instance;
    #[wasm_bindgen(method, getter)]
    fn config(this: &Instance) -> Object;
    #[wasm_bindgen(method, getter, js_name = isInitialized)]
    fn is_initialized(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = isOpen)]
    fn is_open(this: &Instance) -> bool;
    #[wasm_bindgen(method, getter, js_name = unreadCount)]
    fn unread_count(this: &Instance) -> f64;
    #[wasm_bindgen(method, getter, js_name = currentChatSession)]
    fn current_chat_session(this: &Instance) -> Option<String>;
    #[wasm_bindgen(method, catch)]
    fn open(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &Instance) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = loadConversation)]
    fn load_conversation(this: &Instance, session: &str) -> Result<Promise, JsValue>;
}

/// What a page can see of the live widget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    pub ready: bool,
    pub open: bool,
    pub unread: u32,
    pub failed: bool,
}

/// The live widget, with the hooks that keep it honest.
pub struct Live {
    instance: Instance,
    identity: Identity,
    // The widget calls these; they must live as long as it does.
    _hooks: Vec<Hook>,
}

type Hook = Closure<dyn Fn(JsValue, JsValue, JsValue) -> JsValue>;

/// The id of the element that [`ChatSettings`](super::ChatSettings) puts into a page.
pub const SETTINGS_ID: &str = "ticketping-chat";

/// [`WidgetSettings`] as the browser needs them.
pub struct Settings {
    init: Object,
    script: String,
    style: String,
    pub token: String,
    pub loading: Loading,
}

impl Settings {
    /// What stands in the page.
    pub fn of_page() -> Option<Self> {
        Self::read(&on_page()?)
    }

    /// What an app without server-rendered settings made itself.
    pub fn of(settings: &WidgetSettings) -> Option<Self> {
        Self::read(&JSON::parse(&settings.on_page(None)).ok()?)
    }

    fn read(json: &JsValue) -> Option<Self> {
        let loading = match text(json, "loading")?.as_str() {
            "FirstClick" => Loading::FirstClick,
            "Consent" => Loading::Consent,
            _ => Loading::Idle,
        };
        Some(Self {
            init: get(json, "init")?.dyn_into().ok()?,
            script: text(json, "script")?,
            style: text(json, "style")?,
            token: text(json, "token")?,
            loading,
        })
    }
}

/// Whose page this is.
pub fn page_identity() -> Identity {
    Identity::of(on_page().and_then(|json| text(&json, "external_id")))
}

fn on_page() -> Option<JsValue> {
    JSON::parse(&document().get_element_by_id(SETTINGS_ID)?.text_content()?).ok()
}

/// A clock that only goes forward, in milliseconds. It takes the longer of the monotonic clock's
/// step (which may stand still while a machine sleeps) and the wall clock's (which may be set back).
#[derive(Default)]
pub struct Clock {
    last: Option<(f64, f64)>,
    now: f64,
}

impl Clock {
    pub fn now(&mut self) -> f64 {
        let monotonic = window().performance().map_or(0.0, |performance| performance.now());
        let wall = Date::now();
        if let Some((then, wall_then)) = self.last {
            self.now += (monotonic - then).max(wall - wall_then).max(0.0);
        }
        self.last = Some((monotonic, wall));
        self.now
    }
}

/// Who owns what is stored; `None` when nobody is known to, or storage is out of reach.
pub fn stored_identity() -> Option<Identity> {
    let marker = local_storage()?.get_item(OWNER_KEY).ok()??;
    Identity::from_marker(&marker)
}

/// Removes the widget's cookie and everything it stored, the device id aside.
pub fn purge() {
    let expired = format!("{CHAT_COOKIE}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/; SameSite=Strict");
    let _blocked = Reflect::set(&document(), &"cookie".into(), &expired.into());
    if let Some(storage) = local_storage() {
        let keys: Vec<String> =
            (0..storage.length().unwrap_or(0)).filter_map(|index| storage.key(index).ok().flatten()).collect();
        for key in keys {
            if key.starts_with(WIDGET_PREFIX) && key != DEVICE_KEY {
                let _blocked = storage.remove_item(&key);
            }
        }
    }
    forget_resume();
}

/// Notes the owner. The other tabs hear of it by the storage event, and by the caller's channel.
pub fn claim(identity: &Identity) {
    if let Some(storage) = local_storage() {
        let _blocked = storage.set_item(OWNER_KEY, &identity.to_marker());
    }
}

/// Whether a storage event is about the owner.
pub fn is_owner_key(key: Option<String>) -> bool {
    // `None` is a storage that was cleared as a whole.
    key.is_none_or(|key| key == OWNER_KEY)
}

/// Loads the widget's stylesheet and its script, the script as a module: as a classic script the
/// file overwrites its own `init`. `attempt` makes a retry a new URL, as failures are remembered.
pub async fn load(settings: &Settings, attempt: u32) -> Result<(), &'static str> {
    if namespace().is_some() {
        return Ok(());
    }
    let again = if attempt == 0 { String::new() } else { format!("?retry={attempt}") };
    let style = append("link", &[("rel", "stylesheet"), ("href", &format!("{}{again}", settings.style))]);
    let script = append("script", &[("type", "module"), ("src", &format!("{}{again}", settings.script))]);
    // Both are listened to from the start: a rejection that nobody waits for yet is an exception.
    let style = JsFuture::from(style.ok_or("there is no document")?);
    let script = JsFuture::from(script.ok_or("there is no document")?);
    style.await.map_err(|_| "its stylesheet could not be loaded")?;
    script.await.map_err(|_| "its script could not be loaded")?;
    namespace().map(|_| ()).ok_or("its script did not define TicketpingChat")
}

/// Asks the app's own server for the token of the session's user.
pub async fn fetch_token(url: &str) -> Answer {
    match try_fetch_token(url).await {
        Ok(answer) => answer,
        Err(_) => Answer::Failed,
    }
}

async fn try_fetch_token(url: &str) -> Result<Answer, JsValue> {
    let options = RequestInit::new();
    options.set_cache(web_sys::RequestCache::NoStore);
    let headers = js_sys::Object::new();
    Reflect::set(&headers, &"accept".into(), &"application/json".into())?;
    options.set_headers(&headers);
    if let Ok(signal) = abort_after(15_000.0) {
        options.set_signal(Some(&signal));
    }
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(url, &options)).await?.dyn_into()?;
    if response.status() == 401 {
        return Ok(Answer::SignedOut);
    }
    if response.status() != 200 {
        return Ok(Answer::Failed);
    }
    // Both times are the server's, so that a wrong clock here does not matter.
    let served = response.headers().get("date")?.map(|date| Date::parse(&date));
    let body = JsFuture::from(response.json()?).await?;
    let read = || {
        let jwt = text(&body, "jwt")?;
        let claims = read_claims(&jwt)?;
        let external_id = text(&claims, "external_id")?;
        let now = served.filter(|served| served.is_finite()).unwrap_or_else(Date::now);
        let life = get(&claims, "exp")?.as_f64()? * 1_000.0 - now;
        (life > 0.0).then_some(Answer::Token { jwt, external_id, life })
    };
    Ok(read().unwrap_or(Answer::Failed))
}

/// Reads whose token it is. Not a check: only the server and Ticketping can check it.
fn read_claims(jwt: &str) -> Option<JsValue> {
    let payload: String = jwt
        .split('.')
        .nth(1)?
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let latin1 = window().atob(&payload).ok()?;
    let bytes: Vec<u8> = latin1.chars().map(|c| c as u8).collect();
    JSON::parse(&String::from_utf8(bytes).ok()?).ok()
}

/// Starts the widget and hooks it before its first answer can arrive.
pub fn start(settings: &Settings, identity: &Identity, jwt: &str, on_change: impl Fn(Seen) + 'static) -> Option<Live> {
    let config = Object::assign(&Object::new(), &settings.init);
    set(&config, "userJWT", &jwt.into());
    let instance = namespace()?.init(&config).ok()?;
    let mut hooks = Vec::new();
    guard(&instance, identity, &mut hooks);
    watch(&instance, on_change, &mut hooks);
    Some(Live { instance, identity: identity.clone(), _hooks: hooks })
}

/// Lets the widget near its cookie and storage only while they are its owner's: it would use, and
/// leave behind, whatever is there, and another tab may have changed the owner a moment ago.
fn guard(instance: &Instance, identity: &Identity, hooks: &mut Vec<Hook>) {
    let guarded =
        [("api", ["getCookie", "setCookie", "deleteCookie"]), ("storage", ["getItem", "setItem", "removeItem"])];
    for (part, methods) in guarded {
        let Ok(part) = Reflect::get(instance, &part.into()) else { continue };
        for method in methods {
            let Some(original) = function(&part, method) else { continue };
            let (this, identity) = (part.clone(), identity.clone());
            hook(&part, method, hooks, move |first, second, third| {
                if stored_identity().as_ref() != Some(&identity) {
                    return JsValue::NULL;
                }
                original.apply(&this, &Array::of3(&first, &second, &third)).unwrap_or(JsValue::NULL)
            });
        }
    }
}

/// The widget calls none of its documented callbacks, but it reports each event to `track()`.
fn watch(instance: &Instance, on_change: impl Fn(Seen) + 'static, hooks: &mut Vec<Hook>) {
    let widget = instance.clone();
    hook(instance, "track", hooks, move |event, _, _| {
        on_change(Seen {
            ready: widget.is_initialized(),
            open: widget.is_open(),
            unread: widget.unread_count() as u32,
            failed: event.as_string().as_deref() == Some("widget_init_error"),
        });
        JsValue::UNDEFINED
    });
}

impl Live {
    /// Gives it a fresh token. Its calls read this very object, so nothing restarts or reloads.
    pub fn renew(&self, jwt: &str) {
        let _frozen = Reflect::set(&self.instance.config(), &"userJWT".into(), &jwt.into());
    }

    pub fn open(&self) {
        let _gone = self.instance.open();
    }

    pub fn close(&self) {
        let _gone = self.instance.close();
    }

    pub fn start_conversation(&self) {
        self.open();
        // Not the widget's own startConversation(): that one opens a socket and shows nothing.
        let _gone = self.instance.load_conversation("new");
    }

    /// Keeps the open conversation and the draft for the next page of this tab.
    pub fn save(&self) {
        if !self.instance.is_open() {
            return forget_resume();
        }
        let resume = Object::new();
        set(&resume, "owner", &self.identity.to_marker().into());
        set(&resume, "session", &self.instance.current_chat_session().into());
        set(&resume, "draft", &draft_box().map(|input| input.value()).into());
        if let (Some(storage), Some(json)) = (session_storage(), JSON::stringify(&resume).ok()) {
            let _blocked = storage.set_item(RESUME_KEY, &String::from(json));
        }
    }

    /// Opens what was open on the page before, without taking the focus.
    pub async fn resume(instance: ResumeTarget) {
        let Some(resume) = take_resume(&instance.identity) else { return };
        let instance = instance.instance;
        let _gone = instance.open();
        let Some(session) = text(&resume, "session") else { return };
        let input = draft_box();
        if let Some(input) = &input {
            let _frozen = Reflect::set(input, &"focus".into(), &noop());
            input.set_value(&text(&resume, "draft").unwrap_or_default());
            if let Ok(event) = web_sys::Event::new("input") {
                let _cancelled = input.dispatch_event(&event);
            }
        }
        if let Ok(loaded) = instance.load_conversation(&session) {
            let _failed = JsFuture::from(loaded).await;
        }
        // It takes the focus 50 ms after it has loaded.
        JsFuture::from(after(80)).await.ok();
        if let Some(input) = input {
            let _frozen = Reflect::delete_property(&input, &"focus".into());
        }
    }

    /// What [`Live::resume`] needs, free of the borrow of this widget.
    pub fn resume_target(&self) -> ResumeTarget {
        ResumeTarget { instance: self.instance.clone(), identity: self.identity.clone() }
    }

    /// Takes the widget down and leaves nothing running, also in the middle of its start: its
    /// own `destroy()` stops none of the calls that are under way, and what they bring back
    /// would put up a bubble, open sockets and write this owner's cookie afterwards.
    pub fn stop(self) {
        let widget: &JsValue = self.instance.as_ref();
        let (noop, never) = (noop(), never());
        set(widget, "track", &noop);
        if let Ok(api) = Reflect::get(widget, &"api".into()) {
            for method in ["getCookie", "setCookie", "deleteCookie"] {
                set(&api, method, &noop);
            }
            set(&api, "request", &never);
        }
        if let Ok(storage) = Reflect::get(widget, &"storage".into()) {
            for method in ["getItem", "setItem", "removeItem"] {
                set(&storage, method, &noop);
            }
        }
        set(widget, "createWidgetContainer", &noop);
        for method in ["loadStoredConversations", "refreshConversations", "initWsConversation"] {
            set(widget, method, &never);
        }
        set(widget, "initNotificationWebSocket", &noop);
        if let Ok(socket) = Reflect::get(widget, &"ws".into()) {
            silence_socket(&socket);
        }
        // Through the global: the instance's own destroy() leaves it registered.
        if let Some(namespace) = namespace() {
            let _gone = namespace.destroy();
        }
        // A start that is still under way goes on building; let it build off the page.
        if let Ok(nowhere) = document().create_element("div") {
            set(widget, "widgetContainer", &nowhere);
        }
        close_future_sockets(widget);
        remove_theme();
    }
}

/// See [`Live::resume_target`].
pub struct ResumeTarget {
    instance: Instance,
    identity: Identity,
}

fn take_resume(identity: &Identity) -> Option<JsValue> {
    let json = session_storage()?.get_item(RESUME_KEY).ok()??;
    forget_resume();
    JSON::parse(&json).ok().filter(|resume| text(resume, "owner") == Some(identity.to_marker()))
}

/// Forgets what was open on the page before.
pub fn forget_resume() {
    if let Some(storage) = session_storage() {
        let _blocked = storage.remove_item(RESUME_KEY);
    }
}

fn draft_box() -> Option<HtmlTextAreaElement> {
    document().query_selector(".ticketping-widget textarea").ok()??.dyn_into().ok()
}

// A socket that is closed before it was open reports an unclean end, and the widget reconnects.
fn silence_socket(socket: &JsValue) {
    if let Ok(options) = Reflect::get(socket, &"options".into()) {
        set(&options, "reconnectAttempts", &0.into());
    }
}

/// A conversation that is being opened makes its socket when the server has answered.
fn close_future_sockets(widget: &JsValue) {
    let on_set = Closure::once_into_js(|socket: JsValue| {
        silence_socket(&socket);
        if let Some(disconnect) = function(&socket, "disconnect") {
            let _gone = disconnect.call0(&socket);
        }
    });
    let descriptor = Object::new();
    set(&descriptor, "set", &on_set);
    set(&descriptor, "configurable", &true.into());
    let _frozen = Reflect::define_property(widget.unchecked_ref::<Object>(), &"ws".into(), &descriptor);
}

fn remove_theme() {
    let Some(style) = root().and_then(|root| root.dyn_into::<HtmlElement>().ok()).map(|root| root.style()) else {
        return;
    };
    let names: Vec<String> = (0..style.length()).map(|index| style.item(index)).collect();
    for name in names.iter().filter(|name| name.starts_with("--tp-")) {
        let _frozen = style.remove_property(name);
    }
}

fn append(tag: &str, attributes: &[(&str, &str)]) -> Option<Promise> {
    let element: Element = document().create_element(tag).ok()?;
    for (name, value) in attributes {
        element.set_attribute(name, value).ok()?;
    }
    let settled = Promise::new(&mut |resolve, reject| {
        set(&element, "onload", &resolve);
        set(&element, "onerror", &reject);
    });
    document().head()?.append_child(&element).ok()?;
    Some(settled)
}

/// Calls back once the page has nothing better to do; at once where the browser cannot tell.
pub fn when_idle(then: impl FnOnce() + 'static) {
    match function(&window(), "requestIdleCallback") {
        Some(request) => {
            let _none = request.call1(&window(), &Closure::once_into_js(then));
        }
        None => then(),
    }
}

/// A promise that is kept after so many milliseconds.
fn after(milliseconds: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _none = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    })
}

fn abort_after(milliseconds: f64) -> Result<web_sys::AbortSignal, JsValue> {
    let constructor = Reflect::get(&window(), &"AbortSignal".into())?;
    let timeout: Function = Reflect::get(&constructor, &"timeout".into())?.dyn_into()?;
    timeout.call1(&constructor, &milliseconds.into())?.dyn_into()
}

fn namespace() -> Option<Namespace> {
    let namespace = Reflect::get(&window(), &"TicketpingChat".into()).ok()?;
    function(&namespace, "init").map(|_| namespace.unchecked_into())
}

/// Whether a widget is registered that this folder did not start.
pub fn is_taken() -> bool {
    namespace().is_some_and(|namespace| namespace.instance().is_some())
}

fn hook(
    target: &JsValue,
    method: &str,
    hooks: &mut Vec<Hook>,
    body: impl Fn(JsValue, JsValue, JsValue) -> JsValue + 'static,
) {
    let closure: Hook = Closure::new(body);
    set(target, method, closure.as_ref());
    hooks.push(closure);
}

fn get(target: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(target, &name.into()).ok()
}

fn text(target: &JsValue, name: &str) -> Option<String> {
    get(target, name)?.as_string()
}

fn function(target: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(target, &name.into()).ok()?.dyn_into().ok()
}

fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _frozen = Reflect::set(target, &name.into(), value);
}

thread_local! {
    // One of each for the whole page: what is left of a stopped widget may call them at any time.
    static NOOP: JsValue = Closure::<dyn Fn()>::new(|| {}).into_js_value();
    static NEVER: JsValue =
        Closure::<dyn Fn() -> Promise>::new(|| Promise::new(&mut |_, _| {})).into_js_value();
}

fn noop() -> JsValue {
    NOOP.with(Clone::clone)
}

fn never() -> JsValue {
    NEVER.with(Clone::clone)
}

fn root() -> Option<Element> {
    document().document_element()
}

fn local_storage() -> Option<Storage> {
    // Where storage is blocked, even asking for it throws.
    window().local_storage().ok().flatten()
}

fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
