// A page load would end the chat. While it is open, links show the next page in this document:
// docs/decisions/why-links-leave-an-open-chat-alone.md.
const PAGES = /^\/(login|signup|forgot|account)?$/;

const here = () => location.pathname + location.search;
let shown = here();
let pressed, latest;

const ask = (url) => {
    const load = async () => {
        const answer = await fetch(url);
        if (answer.ok && !answer.redirected) return new DOMParser().parseFromString(await answer.text(), "text/html");
    };
    return { url, at: performance.now(), page: load().catch(() => {}) };
};

// What it has in common with the other pages of this user and this version.
const frame = (page) =>
    Array.from(page.querySelectorAll("link:first-of-type, #ticketping-page-data, .user-name"), ({ href, textContent }) => href + textContent).join();

const show = async (asked, scroll, enter) => {
    latest = asked;
    const page = await asked.page;
    if (latest !== asked) return;
    if (!page || frame(page) !== frame(document)) return asked.url === location.href ? location.reload() : location.assign(asked.url);
    enter?.();
    shown = here();
    const main = page.querySelector("main");
    const left = document.querySelector("main");
    document.title = page.title;
    left.replaceWith(main);
    // An island is never disposed of, and would keep all that is around it.
    left.querySelectorAll("leptos-island").forEach((island) => island.remove());
    (main.querySelector("[autofocus]") ?? main).focus({ preventScroll: true });
    scrollTo(0, scroll);
    main.querySelectorAll("script").forEach(({ src }) => import(src));
    wake(main);
};

// The browser brings back what was filled in only if it loaded the page.
const isFilledIn = () =>
    document.querySelector("main [role=alert]:not([hidden])") ||
    Array.from(document.querySelectorAll("main input")).some(({ value, defaultValue }) => value !== defaultValue);

const urlOf = ({ target, button, altKey, ctrlKey, metaKey, shiftKey }) => {
    const link = target.closest?.("a");
    const isElsewhere = button || altKey || ctrlKey || metaKey || shiftKey || !link || link.target || link.hash || link.origin !== location.origin;
    const isOpen = document.querySelector(".ticketping-chat-window.open");
    if (isOpen && !isElsewhere && PAGES.test(link.pathname) && !isFilledIn()) return link.href;
};

addEventListener("pointerdown", (down) => {
    const url = urlOf(down);
    pressed = url && ask(url);
});

addEventListener("click", (click) => {
    const url = urlOf(click);
    if (!url || click.defaultPrevented) return;
    click.preventDefault();
    const isFresh = pressed?.url === url && performance.now() - pressed.at < 1000;
    show(isFresh ? pressed : ask(url), 0, () => {
        history.replaceState({ scroll: scrollY }, "");
        if (url !== location.href) history.pushState({}, "", url);
    });
});

addEventListener("popstate", ({ state }) => {
    if (shown !== here()) show(ask(location.href), state?.scroll ?? 0);
});
