// What a browser may do in its own way: the chat and the forms in Firefox, WebKit and Chromium with a driver each. Playwright,
// which tests/ is for, switches off Chromium's back/forward cache.
import assert from "node:assert/strict";
import { test } from "node:test";
import { By, Key, PASSWORD, browser, click, engine, go, isOpen, logOut, newBrowser, origin, owner, path, person, ready, run, shows, signUp, startConversation, submit, type, wait } from "./support.mjs";

test("an anonymous visitor chats, and the agent sees nobody", async () => {
    await go("/");
    await startConversation();
    await shows("I see an anonymous visitor");
    assert.match(await owner(), /^anonymous/);
});

test("who has signed up is known to the agent; who comes next sees nothing of it", async () => {
    const alice = person("Alice");
    await signUp(alice);
    await startConversation();
    await shows(`You are Alice, ${alice.email}, verified`);
    await type("#messageInput", "a secret of hers", Key.ENTER);
    await shows("I read: “a secret of hers”");
    await logOut();
    const left = await run("return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.body.innerText])");
    assert.ok(!left.includes("secret of hers") && !left.includes(alice.email) && !left.includes("eyJ"), left);
    const bob = person("Bob");
    await signUp(bob);
    await startConversation();
    await shows(`You are Bob, ${bob.email}, verified`);
    assert.ok(!(await run("return document.body.innerText")).includes("secret of hers"));
    await logOut();
});

test("a chat that is open stays open on the next page, with its messages and what was being typed", async () => {
    await signUp();
    await startConversation();
    await type("#messageInput", "the first", Key.ENTER);
    await shows("I read: “the first”");
    await type("#messageInput", "half a sent");
    await click("header a[href='/']");
    await path("/");
    await isOpen();
    await shows("I read: “the first”");
    await wait("document.querySelector('#messageInput')?.value === 'half a sent'");
    await type("#messageInput", "ence", Key.ENTER);
    await shows("I read: “half a sentence”");
    await logOut();
});

test("a log-out in one tab reaches the other", async () => {
    await signUp();
    const first = await browser.getWindowHandle();
    await browser.switchTo().newWindow("tab");
    await go("/account");
    await ready();
    await logOut();
    const second = await browser.getWindowHandle();
    await browser.switchTo().window(first);
    await path("/login?next=/account");
    await ready();
    assert.match(await owner(), /^anonymous/);
    await browser.switchTo().window(second);
    await browser.close();
    await browser.switchTo().window(first);
});

test("the token is renewed before it dies, and the chat goes on", async () => {
    await signUp();
    await startConversation();
    const token = () => run("return TicketpingChat.instance.config.userJWT");
    const before = await token();
    await run("TicketpingChat.instance.theSame = true");
    await browser.wait(async () => (await token()) !== before, 40_000);
    assert.equal(await run("return TicketpingChat.instance.theSame"), true);
    await type("#messageInput", "still there", Key.ENTER);
    await shows("I read: “still there”");
    await logOut();
});

test("the WASM is loaded once", async () => {
    await go("/");
    await wait("document.documentElement.hasAttribute('data-hydrated')");
    assert.equal(await run("return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length"), 1);
});

test("light and dark: page and chat at once, and remembered", async () => {
    await go("/");
    await ready();
    const colour = () => run("return getComputedStyle(document.querySelector('.ticketping-chat-bubble')).backgroundImage");
    const theme = () => run("return document.documentElement.dataset.theme");
    const before = [await theme(), await colour()];
    await click("button[aria-label='Switch between light and dark']");
    await browser.wait(async () => (await theme()) !== before[0] && (await colour()) !== before[1], 10_000);
    const changed = await theme();
    await go("/login");
    assert.equal(await theme(), changed);
    await click("button[aria-label='Switch between light and dark']");
    await browser.wait(async () => (await theme()) === before[0], 10_000);
});

test("a form with errors ties each to its field and keeps what was typed, but never the password", async () => {
    await go("/login");
    await type("[name=email]", "alice@example.com");
    await type("[name=password]", "not the password", Key.ENTER);
    await shows("Email or password is wrong");
    assert.equal(await run("return document.querySelector('[name=email]').value"), "alice@example.com");
    assert.equal(await run("return document.querySelector('[name=password]').value"), "");
    await go("/login");
    await submit("log-in");
    await shows("Enter your email address.");
    const described = "const field = document.querySelector('[name=email]'); return [field.getAttribute('aria-invalid'), document.getElementById(field.getAttribute('aria-describedby').split(' ').at(-1)).innerText]";
    assert.deepEqual(await run(described), ["true", "Enter your email address."]);
});

/** The window is closed, and the focus is where it can be opened again. */
const isClosed = () => wait("!document.querySelector('.ticketping-chat-window').classList.contains('open') && document.activeElement.matches('.ticketping-chat-bubble')");

test("with the keyboard alone: log in, open the chat, write, close it", async () => {
    const alice = person("Alice");
    await signUp(alice);
    await logOut();
    await go("/login");
    await ready();
    const press = (key) => browser.actions().sendKeys(key).perform();
    /** Tab until the focus is on it, with a ring. */
    async function tabTo(selector, tab = (actions) => actions.sendKeys(Key.TAB)) {
        for (let count = 0; count < 60; count++) {
            if (await run("return document.activeElement.matches(arguments[0])", selector)) return;
            await tab(browser.actions()).perform();
        }
        assert.fail(`the keyboard does not reach ${selector}`);
    }
    await tabTo("[name=email]");
    await press(alice.email);
    await tabTo("[name=password]");
    assert.notEqual(await run("return getComputedStyle(document.activeElement).outlineStyle"), "none");
    await press(PASSWORD);
    await press(Key.ENTER);
    await path("/account");
    await ready();
    await tabTo(".ticketping-chat-bubble");
    await press(Key.ENTER);
    await isOpen();
    await tabTo(".ticketping-start-conversation-btn");
    await press(Key.ENTER);
    // The widget puts the focus there.
    await wait("document.activeElement.id === 'messageInput'");
    await press("by keyboard");
    await press(Key.ENTER);
    await shows("I read: “by keyboard”");
    // Backwards: forwards leads out of the page and through the browser's own buttons, of which geckodriver loses track.
    await tabTo(".active [aria-label='Close chat']", (actions) => actions.keyDown(Key.SHIFT).sendKeys(Key.TAB).keyUp(Key.SHIFT));
    // Sometimes geckodriver's window has lost the focus by now, and then Firefox presses no button by key.
    if (await run("return document.hasFocus()")) await press(Key.ENTER);
    else await click(".active [aria-label='Close chat']");
    await isClosed();
    await logOut();
});

test("the keyboard does not get into a chat that is closed, but into one that a link opens; Escape closes it", async () => {
    await go("/");
    await ready();
    // What a press on Tab passes through: geckodriver loses track of the window where it leads out of the page.
    const inWindow = "[...document.querySelectorAll('.ticketping-chat-window :is(a, button, input, textarea, [tabindex])')]";
    assert.equal(await run(`const all = ${inWindow}; return all.length > 3 && all.filter((part) => { part.focus(); return document.activeElement === part; }).length`), 0);
    const openByLink = async () => {
        await run("const link = [...document.querySelectorAll('main a')].find((link) => link.innerText === 'Chat with us'); link.focus(); link.click()");
        await isOpen();
        await wait("document.activeElement.closest('.ticketping-chat-window.open')");
    };
    await openByLink();
    await run("document.querySelector('.ticketping-start-conversation-btn').click()");
    await wait("document.activeElement.id === 'messageInput'");
    assert.deepEqual(await run("return ['.ticketping-file-btn', '.ticketping-send-btn'].map((part) => document.querySelector(part).ariaLabel)"), ["Attach a file", "Send"]);
    await type("#messageInput", Key.ESCAPE);
    await isClosed();
    // With the conversation open as well.
    await openByLink();
    // Who is somewhere in the window already stays there.
    await run(`TicketpingChat.close();
        document.activeElement.blur();
        TicketpingChat.open();
        const button = document.querySelector(".active [aria-label='Close chat']");
        const focus = setInterval(() => {
            button.focus();
            if (document.activeElement !== button) return;
            clearInterval(focus);
            setTimeout(() => (window.isLater = document.activeElement === button ? "there" : "elsewhere"), 200);
        }, 5)`);
    await wait("window.isLater");
    assert.equal(await run("return window.isLater"), "there");
    await run("TicketpingChat.close()");
});

// The others cannot be told to.
const onlyFirefox = { skip: engine !== "firefox" };

test("where storage is blocked the chat works still", onlyFirefox, async () => {
    const blocked = await newBrowser({ "dom.storage.enabled": false });
    try {
        await blocked.get(`${origin}/`);
        await blocked.wait(() => blocked.executeScript("return window.localStorage === null && window.TicketpingChat?.instance?.isInitialized === true"), 10_000);
    } finally {
        await blocked.quit();
    }
});

test("who refuses cookies is told so after logging in", onlyFirefox, async () => {
    const alice = person("Alice");
    await signUp(alice);
    await logOut();
    const refusing = await newBrowser({ "network.cookie.cookieBehavior": 2 });
    try {
        await refusing.get(`${origin}/login`);
        await refusing.findElement(By.name("email")).sendKeys(alice.email);
        await refusing.findElement(By.name("password")).sendKeys(PASSWORD, Key.ENTER);
        await refusing.wait(() => refusing.executeScript("return document.body.innerText.includes('Your browser did not send our cookie back')"), 10_000);
    } finally {
        await refusing.quit();
    }
});
