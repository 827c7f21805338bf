// Links: the next page is shown in the document that is there, and the chat stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { By, HOME, Key, answered, browser, click, go, isOpen, logOut, logOutUnnoticed, owner, path, person, ready, run, shows, signUp, startConversation, type, wait } from "./support.mjs";

const home = "header a[href='/']";
const account = "header a[href='/account']";
const mark = () => run("window.theSame = true");
const isTheSame = () => run("return window.theSame === true");
const isLoaded = () => wait("!window.theSame && document.readyState === 'complete'");

/** The first press has loaded what links need. */
const areFollowed = () => wait("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/navigation.js'))");

/** A key has it loaded too. */
async function pressTab() {
    await browser.findElement(By.css("body")).sendKeys(Key.TAB);
    await areFollowed();
}

async function open() {
    await ready();
    await click(".ticketping-chat-bubble");
    await isOpen();
    await areFollowed();
}
const close = () => run("TicketpingChat.close()");

/** Presses a link until the server has made its page. */
async function press(selector, page) {
    const before = await answered(page);
    await browser.actions().move({ origin: await browser.findElement(By.css(selector)) }).press().perform();
    await browser.wait(async () => (await answered(page)) > before, 10_000, `${page} is not asked for`);
}
const release = () => browser.actions().release().perform();

test("a link leaves an open chat as it is: the same widget, the same socket, and what was being typed", async () => {
    await signUp();
    await startConversation();
    await areFollowed();
    await type("#messageInput", "half a sent");
    const title = await run("return document.title");
    await mark();
    await run(`window.chat = document.querySelector(".ticketping-chat-window");
        window.widget = TicketpingChat.instance;
        window.socket = widget.ws.ws;
        window.wasSeen = [];
        const look = () => { wasSeen.push(chat.isConnected && chat.classList.contains("open")); requestAnimationFrame(look); };
        look()`);
    await click(home);
    await path("/");
    await shows(HOME);
    assert.ok(await isTheSame());
    assert.ok(await run("return wasSeen.length > 0 && wasSeen.every(Boolean)"));
    assert.ok(await run("return TicketpingChat.instance === widget && widget.ws.ws === socket && socket.readyState === WebSocket.OPEN"));
    assert.notEqual(await run("return document.title"), title);
    assert.deepEqual(await run("return [document.activeElement.id, document.activeElement.ariaLabel]"), ["main", await run("return document.title")]);
    await type("#messageInput", "ence", Key.ENTER);
    await shows("I read: “half a sentence”");
    await logOut();
});

test("what a page does in the browser, it does when a link has shown it", async () => {
    await go("/");
    await open();
    await mark();
    await click("header a[href='/login']");
    await path("/login");
    await wait("document.querySelector('[name=password]')");
    await type("[name='password']", "visible");
    await click("main .show-password");
    await wait("document.querySelector('[name=password]').type === 'text'");
    assert.ok(await isTheSame());
    await close();
});

test("a link shows the next page from its top", async () => {
    await signUp();
    await open();
    await click(home);
    await path("/");
    await click(account);
    await path("/account");
    await shows("New email");
    await run(`window.tops = [];
        const look = () => { tops.push(scrollY); requestAnimationFrame(look); };
        look()`);
    await wait("tops.length > 10");
    assert.deepEqual(await run("return tops.filter((top) => top > 0)"), []);
    await logOut();
});

test("back and forward show the pages again, where they had been scrolled to", async () => {
    await signUp();
    await open();
    await mark();
    await run("document.querySelector(arguments[0]).dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))", home);
    await wait("performance.getEntriesByType('resource').some(({ name }) => name === `${location.origin}/`)");
    // Sooner than the browser tells of it.
    const scrolled = await run("scrollTo(0, 300); const top = scrollY; document.querySelector(arguments[0]).click(); return top", home);
    assert.ok(scrolled > 0);
    await path("/");
    await shows(HOME);
    assert.equal(await run("return scrollY"), 0);
    await run("history.back()");
    await path("/account");
    await shows("New email");
    // Firefox scrolls to whole pixels of the screen, which may be parts of a page's.
    const isAt = (top) => `Math.abs(scrollY - ${top}) < 3`;
    await wait(isAt(scrolled));
    await run(`addEventListener('scroll', () => (window.isTold = ${isAt(200)})); scrollTo(0, 200)`);
    await wait("isTold");
    await run("history.forward()");
    await path("/");
    await shows(HOME);
    await run("history.back()");
    await path("/account");
    await shows("New email");
    await wait(isAt(200));
    assert.ok(await isTheSame());
    await logOut();
});

test("back shows the page before, also when the page was loaded again meanwhile", async () => {
    await signUp();
    await open();
    await click(home);
    await path("/");
    await shows(HOME);
    await mark();
    await browser.navigate().refresh();
    await isLoaded();
    await run("history.back()");
    await path("/account");
    await shows("New email");
    await logOut();
});

for (const state of ["open", "closed"]) test(`a link of somebody whose session has ended leads to log-in, and leaves nothing of theirs, the chat ${state}`, async () => {
    const email = await signUp();
    await startConversation();
    await areFollowed();
    if (state === "closed") await close();
    await click(home);
    await path("/");
    await mark();
    await logOutUnnoticed();
    await click(account);
    await path("/login?next=/account");
    await ready();
    assert.ok(!(await isTheSame()));
    assert.match(await owner(), /^anonymous/);
    assert.ok(!(await browser.getPageSource()).includes(email));
});

test("a page that was asked for before the session ended is not shown", async () => {
    await signUp();
    await open();
    await click(home);
    await path("/");
    await press(account, "/account");
    const pressed = Date.now();
    await logOutUnnoticed();
    await browser.wait(() => Date.now() - pressed > 1_100, 2_000);
    await release();
    await path("/login?next=/account");
    await ready();
    await close();
});

for (const state of ["open", "closed"]) test(`after a log-in as somebody else a link loads the page, and the chat is theirs, the chat ${state}`, async () => {
    const bob = person("Bob");
    await signUp(bob);
    const theirs = await browser.manage().getCookie("session");
    await browser.manage().deleteAllCookies();
    const alice = await signUp(person("Alice"));
    await startConversation();
    await areFollowed();
    if (state === "closed") await close();
    await click(home);
    await path("/");
    await mark();
    await browser.manage().addCookie({ name: theirs.name, value: theirs.value, httpOnly: true });
    await click(account);
    await path("/account");
    await isLoaded();
    await shows(bob.email);
    await startConversation();
    await shows(`You are Bob, ${bob.email}, verified`);
    assert.ok(!(await browser.getPageSource()).includes(alice));
    await logOut();
});

test("after a new version of the site a link loads the page", async () => {
    await go("/");
    await open();
    await mark();
    await run("document.querySelector('[rel=stylesheet]').href += '?older'");
    await click("header a[href='/signup']");
    await path("/signup");
    await isLoaded();
    await isOpen();
    await close();
});

test("a half-filled form is there again after a link and back", async () => {
    await go("/signup");
    await open();
    await type("[name='email']", "ada@example.com");
    await mark();
    await click("header a[href='/login']");
    await path("/login");
    await isLoaded();
    await browser.navigate().back();
    await path("/signup");
    await wait("document.querySelector('[name=email]').value === 'ada@example.com'");
    await isOpen();
    await close();
});

test("while the chat is closed a link loads no page either: the same widget goes on, and nothing but the page is asked for", async () => {
    await signUp();
    await pressTab();
    await mark();
    await run("window.widget = TicketpingChat.instance; window.socket = widget.notifiWs.ws; performance.clearResourceTimings()");
    await click(home);
    await path("/");
    await shows(HOME);
    assert.ok(await isTheSame());
    assert.ok(await run("return TicketpingChat.instance === widget && widget.notifiWs.ws === socket && socket.readyState === WebSocket.OPEN"));
    const asked = await run("return performance.getEntriesByType('resource').map(({ name }) => name)");
    const origin = await run("return location.origin");
    assert.deepEqual(asked, [`${origin}/`]);
    assert.equal(await run("return document.querySelector('.ticketping-chat-window.open')"), null);
    await logOut();
});

test("where the chat does not run a link loads the page, and so tries it again", async () => {
    await go("/");
    await open();
    await mark();
    await run("TicketpingChat.instance.isInitialized = false");
    await click("header a[href='/signup']");
    await path("/signup");
    await isLoaded();
    await ready();
});

test("where a page was too slow, links load their pages for a while, but for those that would end an open chat", async () => {
    await go("/");
    await ready();
    await pressTab();
    await mark();
    // No answer comes to what a page asks for.
    await run("window.fetch = (url, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))");
    await click("header a[href='/signup']");
    await path("/signup");
    await isLoaded();
    await ready();
    await pressTab();
    await mark();
    await click("header a[href='/login']");
    await path("/login");
    await isLoaded();
    await open();
    await mark();
    await click("header a[href='/signup']");
    await path("/signup");
    await shows("Create account");
    assert.ok(await isTheSame());
    await close();
    await run("sessionStorage.clear()");
});

/** The answer for a page is held back, until `answerIt`. */
const hold = (page) => run(`const { fetch } = window;
    const answered = new Promise((answer) => (window.answer = answer));
    window.fetch = async (url, ...rest) => {
        const page = await fetch(url, ...rest);
        if (!url.endsWith(arguments[0])) return page;
        await answered;
        // Whatever is done with it is done by then.
        page.text = () => Response.prototype.text.call(page).finally(() => setTimeout(() => (window.isRead = true)));
        return page;
    }`, page);
const answerIt = async () => {
    await run("answer()");
    await wait("window.isRead");
};

test("of two links the last is followed, also when the first is answered later", async () => {
    await go("/");
    await open();
    await hold("/login");
    await run("for (const page of ['/login', '/signup']) document.querySelector(`header a[href='${page}']`).click()");
    await path("/signup");
    await shows("Create account");
    await answerIt();
    assert.match(await run("return document.title"), /^Sign up · /);
    await close();
});

test("back and forward before the answer end on the same page", async () => {
    await go("/login");
    await open();
    await click("header a[href='/signup']");
    await path("/signup");
    await hold("/login");
    await run("history.back()");
    await path("/login");
    await run("history.forward()");
    await path("/signup");
    await answerIt();
    assert.match(await run("return document.title"), /^Sign up · /);
    await close();
});

test("a half-filled form is there again after back and forward", async () => {
    await go("/");
    await open();
    await click("header a[href='/signup']");
    await path("/signup");
    await type("[name='email']", "ada@example.com");
    await run("history.back()");
    await path("/");
    await shows(HOME);
    await run("history.forward()");
    await path("/signup");
    await wait("document.querySelector('[name=email]')?.value === 'ada@example.com'");
    await close();
});

test("going back leaves the focus with somebody who writes in the chat", async () => {
    await signUp();
    await startConversation();
    await areFollowed();
    await click(home);
    await path("/");
    await type("#messageInput", "half a sent");
    await run("history.back()");
    await path("/account");
    await shows("New email");
    assert.equal(await run("return document.activeElement.id"), "messageInput");
    await logOut();
});

test("a form that is filled in while the next page is on its way is there again after back", async () => {
    await go("/signup");
    await open();
    await mark();
    await hold("/login");
    await click("header a[href='/login']");
    await type("[name='email']", "ada@example.com");
    await run("answer()");
    await path("/login");
    await isLoaded();
    await browser.navigate().back();
    await path("/signup");
    await wait("document.querySelector('[name=email]').value === 'ada@example.com'");
    await isOpen();
    await close();
});

test("a link that is pressed and followed twice shows its page", async () => {
    await go("/");
    await open();
    await run(`const link = document.querySelector("header a[href='/signup']");
        link.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
        link.click();
        const again = () => {
            if (location.pathname !== "/signup") return requestAnimationFrame(again);
            link.click();
            setTimeout(() => (window.isAgain = true));
        };
        again()`);
    await wait("window.isAgain");
    await path("/signup");
    await shows("Create account");
    await close();
});

test("what links need is loaded by keyboard too", async () => {
    await go("/");
    await ready();
    await pressTab();
});
