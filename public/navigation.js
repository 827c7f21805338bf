// A page load would end the chat, and takes longer. Links between these pages show the next one in this document:
// docs/decisions/why-links-load-no-page.md. `loadedAs` and `wakeIslands` are from src/hydration.js.
const PAGES = /^\/(login|signup|forgot|account)?$/;
// How long a page may take before the browser loads it instead, and how old one may be that was asked for at the press; and for
// how long links load their pages where one was too slow. In milliseconds.
const FRESH = 1_000;
const SLOW_FOR = 60_000;

const here = () => location.pathname + location.search;
// Where each page was scrolled to, and those that were left with a form half filled in.
const tops = new Map();
const kept = new Map();
let shown = loadedAs;
let pressed, latest;

const ask = (url) => {
    const load = async () => {
        const answer = await fetch(url, { signal: AbortSignal.timeout(FRESH) });
        if (answer.ok && !answer.redirected) return new DOMParser().parseFromString(await answer.text(), "text/html");
    };
    return { url, at: performance.now(), page: load().catch((error) => error.name === "TimeoutError" && noteSlow()) };
};

// Where storage is blocked, nothing is noted.
const noteSlow = () => {
    try {
        sessionStorage.setItem("slow-pages", Date.now());
    } catch {}
};
const isSlow = () => {
    try {
        return Math.abs(Date.now() - Number(sessionStorage.getItem("slow-pages"))) < SLOW_FOR;
    } catch {}
};

// What it has in common with the other pages of this user and this version: the style sheet's address has the version, the
// chat's data the user.
const frame = (page) =>
    Array.from(page.querySelectorAll("link:first-of-type, #ticketping-page-data, .user-name"), ({ href, textContent }) => href + textContent).join();

// A form that is filled in, which the browser brings back only if it loads the next page; one with errors, which are shown once; or
// one that waits for a passkey, which a page load gives up.
const isInUse = () =>
    document.querySelector("main [role=alert]:not([hidden]), main [aria-busy=true]") ||
    Array.from(document.querySelectorAll("main input, main textarea")).some((input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked);

const show = (main, top) => {
    const left = document.querySelector("main");
    if (isInUse()) kept.set(shown, left);
    // An island is never disposed of, and would keep all that is around it.
    else left.querySelectorAll("leptos-island").forEach((island) => island.remove());
    shown = here();
    left.replaceWith(main);
    // Somebody may be writing in the chat.
    if (!document.activeElement.closest(".ticketping-chat-window.open")) (main.querySelector("[autofocus]") ?? main).focus({ preventScroll: true });
    scrollTo(0, top);
};

const follow = async (asked, isBack) => {
    latest = asked;
    const page = await asked.page;
    if (latest !== asked) return;
    latest = undefined;
    if (!page || frame(page) !== frame(document) || (!isBack && isInUse())) {
        return asked.url === location.href ? location.reload() : location.assign(asked.url);
    }
    // Going back, the browser may have scrolled already.
    if (!isBack) tops.set(shown, scrollY);
    if (asked.url !== location.href) history.pushState(null, "", asked.url);
    document.title = page.title;
    const top = isBack ? tops.get(here()) ?? 0 : 0;
    const filledIn = isBack && kept.get(here());
    kept.delete(here());
    if (filledIn) return show(filledIn, top);
    const main = page.querySelector("main");
    // A screen reader says it with the focus.
    main.ariaLabel = page.title;
    show(main, top);
    // Those of this site: the page's policy allows whatever this script loads.
    main.querySelectorAll("script").forEach(({ src }) => src.startsWith(`${location.origin}/`) && import(src).catch(() => {}));
    wakeIslands(main);
};

const back = () => {
    latest = undefined;
    if (shown === here()) return;
    if (!PAGES.test(location.pathname)) return location.reload();
    follow(ask(location.href), true);
};

// A chat that is not there (the page is new, its WASM or the widget could not be loaded) may be there after a page load.
const isRunning = () => window.TicketpingChat?.instance?.isInitialized;
const isOpen = () => document.querySelector(".ticketping-chat-window.open");

// A link that leads to another page in this tab.
const linkOf = ({ target, button, altKey, ctrlKey, metaKey, shiftKey }) => {
    const link = target.closest?.("a");
    const staysHere = button || altKey || ctrlKey || metaKey || shiftKey || !link || link.target || (link.hash && link.pathname === location.pathname) || !/^https?:$/.test(link.protocol);
    if (!staysHere) return link;
};

const urlOf = (link) => {
    const isInPlace = isRunning() && (isOpen() || !isSlow());
    if (link && isInPlace && link.origin === location.origin && !link.hash && PAGES.test(link.pathname) && !isInUse()) return link.href;
};

addEventListener("pointerdown", (down) => {
    const url = urlOf(linkOf(down));
    pressed = url && ask(url);
});

addEventListener("click", (click) => {
    if (click.defaultPrevented) return;
    const link = linkOf(click);
    const url = urlOf(link);
    if (!url) {
        if (link) latest = undefined;
        return;
    }
    click.preventDefault();
    const isFresh = pressed?.url === url && performance.now() - pressed.at < FRESH;
    follow(isFresh ? pressed : ask(url));
    pressed = undefined;
});

for (const other of ["submit", "pagehide"]) addEventListener(other, () => (latest = undefined));
addEventListener("scroll", () => shown === here() && tops.set(shown, scrollY));
addEventListener("popstate", back);
// These have loaded this file.
onpointerdown = onkeydown = onpopstate = null;
back();
