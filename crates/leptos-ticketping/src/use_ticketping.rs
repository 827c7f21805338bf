//! What a page may ask of the chat and see of it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::{leptos_dom::helpers::is_server, prelude::*};

use crate::{
    events::TicketpingEvent,
    widget_state::{TokenLife, WidgetState},
};

/// What the driver executes for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Open,
    Close,
    StartConversation { draft: Option<String> },
    Consent,
}

/// Executes actions.
pub type Dispatch = Rc<dyn Fn(Action)>;

type Listener = Rc<dyn Fn(&TicketpingEvent)>;

/// The chat of the page. Islands share no context, so that it is kept here; there is one for each page.
struct PageChat {
    state: ArcRwSignal<WidgetState>,
    token_life: ArcRwSignal<Option<TokenLife>>,
    dispatch: RefCell<Option<Dispatch>>,
    // What was asked for before there was a component. Once one is gone, nothing waits: the next may be another user's.
    waiting: RefCell<Vec<Action>>,
    was_connected: Cell<bool>,
    listeners: RefCell<Vec<(u32, Listener)>>,
    next_listener: Cell<u32>,
}

thread_local! {
    static PAGE_CHAT: PageChat = PageChat {
        state: ArcRwSignal::new(WidgetState::default()),
        token_life: ArcRwSignal::new(None),
        dispatch: RefCell::default(),
        waiting: RefCell::default(),
        was_connected: Cell::default(),
        listeners: RefCell::default(),
        next_listener: Cell::default(),
    };
}

/// The chat of this page, for any component and any island; the component that runs it may be mounted elsewhere,
/// or later. Call it where you would create a signal.
///
/// ```
/// use leptos::prelude::*;
/// use leptos_ticketping::use_ticketping;
///
/// #[component]
/// fn HelpButton() -> impl IntoView {
///     let chat = use_ticketping();
///     view! {
///         <button on:click=move |_| chat.start_conversation_with("I need help with my invoice.")>
///             "Help" {move || (chat.unread.get() > 0).then(|| format!(" ({})", chat.unread.get()))}
///         </button>
///     }
/// }
/// ```
pub fn use_ticketping() -> UseTicketping {
    fn field<T: Send + Sync + 'static>(read: fn(&WidgetState) -> T) -> Signal<T> {
        Signal::derive(move || {
            let state = PAGE_CHAT.with(|chat| chat.state.clone());
            // On the server it never changes: what subscribed would stay for as long as the thread.
            if cfg!(target_arch = "wasm32") { state.with(read) } else { state.with_untracked(read) }
        })
    }
    UseTicketping {
        is_ready: field(|state| state.is_ready),
        is_open: field(|state| state.is_open),
        unread: field(|state| state.unread),
        has_failed: field(|state| state.has_failed),
        token_life: Signal::derive(|| {
            let life = PAGE_CHAT.with(|chat| chat.token_life.clone());
            if cfg!(target_arch = "wasm32") { life.get() } else { life.get_untracked() }
        }),
    }
}

/// What [`use_ticketping`] returns. On the server the signals keep their first values and the methods do nothing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UseTicketping {
    /// Whether the widget is on the page.
    pub is_ready: Signal<bool>,
    /// Whether the chat window is open.
    pub is_open: Signal<bool>,
    /// How many messages are unread, as Ticketping counts them.
    pub unread: Signal<u32>,
    /// Whether there is no widget because it could not be loaded or started, or its token could not be fetched. Opening it tries
    /// again.
    pub has_failed: Signal<bool>,
    /// The life of the user's token; `None` while the chat is anonymous.
    pub token_life: Signal<Option<TokenLife>>,
}

impl UseTicketping {
    /// Opens the chat, as soon as it can be opened. With [`Loading::FirstClick`](crate::Loading) it is loaded first.
    pub fn open(&self) {
        dispatch(Action::Open);
    }

    /// Closes the chat.
    pub fn close(&self) {
        dispatch(Action::Close);
    }

    /// Opens the chat on a new conversation.
    pub fn start_conversation(&self) {
        dispatch(Action::StartConversation { draft: None });
    }

    /// Opens the chat on a new conversation with this text in its box. The visitor sends it, or changes it first.
    pub fn start_conversation_with(&self, text: impl Into<String>) {
        dispatch(Action::StartConversation { draft: Some(text.into()) });
    }

    /// Tells that the visitor agrees to the chat, until the page is left. Only [`Loading::Consent`](crate::Loading) waits
    /// for it; a component that is mounted anew has to be told again.
    pub fn consent(&self) {
        dispatch(Action::Consent);
    }

    /// Calls back with each event, until the component that asked for it is gone.
    pub fn on_event(&self, callback: impl Fn(&TicketpingEvent) + 'static) {
        if is_server() {
            return;
        }
        let id = PAGE_CHAT.with(|chat| {
            let id = chat.next_listener.replace(chat.next_listener.get().wrapping_add(1));
            chat.listeners.borrow_mut().push((id, Rc::new(callback)));
            id
        });
        on_cleanup(move || PAGE_CHAT.with(|chat| chat.listeners.borrow_mut().retain(|(other, _)| *other != id)));
    }
}

/// Has the driver execute an action, now or once there is one.
pub fn dispatch(action: Action) {
    match PAGE_CHAT.with(|chat| chat.dispatch.borrow().clone()) {
        Some(dispatch) => dispatch(action),
        None => PAGE_CHAT.with(|chat| {
            if !chat.was_connected.get() && !is_server() {
                chat.waiting.borrow_mut().push(action);
            }
        }),
    }
}

/// Hands the actions of the page to the driver, first those that waited for it; `None` when it is gone.
pub fn connect(dispatch: Option<Dispatch>) {
    PAGE_CHAT.with(|chat| chat.dispatch.borrow_mut().clone_from(&dispatch));
    if let Some(dispatch) = dispatch {
        PAGE_CHAT.with(|chat| chat.was_connected.set(true));
        PAGE_CHAT.with(|chat| chat.waiting.take()).into_iter().for_each(|action| dispatch(action));
    }
}

/// How the widget is.
pub fn state() -> WidgetState {
    PAGE_CHAT.with(|chat| chat.state.clone()).get_untracked()
}

/// Shows the page how the widget is.
pub fn set_state(state: WidgetState) {
    let signal = PAGE_CHAT.with(|chat| chat.state.clone());
    if signal.get_untracked() != state {
        signal.set(state);
    }
}

/// Shows the page how long the token is valid.
pub fn set_token_life(life: Option<TokenLife>) {
    PAGE_CHAT.with(|chat| chat.token_life.clone()).set(life);
}

/// Tells everyone who listens.
pub fn emit(event: &TicketpingEvent) {
    let listeners = PAGE_CHAT.with(|chat| chat.listeners.borrow().clone());
    listeners.iter().for_each(|(_, listener)| listener(event));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_component_actions_wait_and_nothing_panics() {
        let owner = Owner::new();
        owner.set();
        let chat = use_ticketping();
        assert!(!chat.is_ready.get_untracked() && !chat.has_failed.get_untracked());
        chat.open();
        chat.start_conversation_with("Hello");
        let done = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&done);
        connect(Some(Rc::new(move |action| seen.borrow_mut().push(action))));
        chat.close();
        let draft = Some("Hello".to_owned());
        assert_eq!(*done.borrow(), [Action::Open, Action::StartConversation { draft }, Action::Close]);
        // What is asked for between two components is nothing to the second: it may be another user's.
        connect(None);
        chat.start_conversation_with("Not for you");
        let seen = Rc::clone(&done);
        connect(Some(Rc::new(move |action| seen.borrow_mut().push(action))));
        assert_eq!(done.borrow().len(), 3);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn on_the_server_nothing_is_kept() {
        let context = hydration_context::SsrSharedContext::new();
        let owner = Owner::new_root(Some(std::sync::Arc::new(context)));
        owner.with(|| {
            use_ticketping().open();
            use_ticketping().on_event(|_| {});
        });
        PAGE_CHAT.with(|chat| {
            assert_eq!(*chat.waiting.borrow(), []);
            assert_eq!(chat.listeners.borrow().len(), 0);
        });
    }

    #[test]
    fn events_arrive_until_the_component_is_gone() {
        let heard = Rc::new(Cell::new(0));
        let owner = Owner::new();
        owner.with(|| {
            let heard = Rc::clone(&heard);
            use_ticketping().on_event(move |_| heard.set(heard.get() + 1));
        });
        emit(&TicketpingEvent::Opened);
        owner.cleanup();
        emit(&TicketpingEvent::Closed);
        assert_eq!(heard.get(), 1);
    }
}
