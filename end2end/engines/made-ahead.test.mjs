// Pages that Chromium makes before anybody has asked for them, as it does when it expects an address that is being typed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, answered, answersAgain, answersNothing, browser, engine, go, isOpen, logOut, logOutUnnoticed, path, ready, run, shows, signUp, startConversation, submit, type, wait } from "./support.mjs";

const onlyChromium = { skip: engine !== "chromium" && "only Chromium makes pages ahead" };

/** Has the browser make a page ahead. */
async function makeAhead(page) {
    const before = await answered(page);
    await run(`const { nonce } = document.querySelector("script[nonce]");
        const text = JSON.stringify({ prerender: [{ urls: [arguments[0]] }] });
        document.head.append(Object.assign(document.createElement("script"), { type: "speculationrules", nonce, text }))`, page);
    await browser.wait(async () => (await answered(page)) > before, 10_000, `${page} is not made ahead`);
}

const passed = (milliseconds, since = Date.now()) => browser.wait(() => Date.now() - since > milliseconds, milliseconds + 2_000);

/** Goes to a page, as the address bar does. */
const show = (page) => run("location.assign(arguments[0])", page);
const shownAt = () => run("return performance.getEntriesByType('navigation')[0].activationStart");

test("a page that is made ahead is there when it is shown, and its chat starts then and not before", onlyChromium, async () => {
    await signUp();
    await makeAhead("/");
    // Time enough for a chat to start where it would.
    await passed(1_500);
    await show("/");
    await path("/");
    await ready();
    const shown = await shownAt();
    assert.ok(shown > 0, "it was not made ahead");
    const requests = await run("return performance.getEntriesByType('resource').map(({ name, startTime }) => [name, startTime])");
    const ofChat = requests.filter(([name]) => /chat-jwt|\/widget\//.test(name)).map(([, time]) => time);
    assert.ok(ofChat.length >= 3 && ofChat.every((time) => time >= shown), `shown at ${shown}, asked at ${ofChat}`);
    await logOut();
});

test("what is written after the next page was made is on it when it is shown", onlyChromium, async () => {
    await signUp();
    await startConversation();
    await makeAhead("/");
    await type("#messageInput", "written after that\n");
    await shows("I read: “written after that”");
    await type("#messageInput", "half a sent");
    await show("/");
    await path("/");
    assert.ok((await shownAt()) > 0, "it was not made ahead");
    await isOpen();
    await shows("I read: “written after that”");
    await wait("document.querySelector('#messageInput')?.value === 'half a sent'");
    await logOut();
});

test("a page that was made before a log-out that no page could note is made again", onlyChromium, async () => {
    const email = await signUp();
    await go("/");
    await ready();
    await makeAhead("/account");
    await logOutUnnoticed();
    await show("/account");
    await path("/login?next=/account");
    await ready();
    assert.ok(!(await browser.getPageSource()).includes(email));
});

test("a page that was made before light became dark is dark", onlyChromium, async () => {
    await go("/");
    await ready();
    const theme = () => run("return document.documentElement.dataset.theme");
    const before = await theme();
    await makeAhead("/login");
    await run("document.querySelector('.theme-switch').click()");
    await show("/login");
    await path("/login");
    assert.ok((await shownAt()) > 0, "it was not made ahead");
    assert.notEqual(await theme(), before);
});

test("a page that was made more than ten seconds ago is hidden until the server has said whose it is", onlyChromium, async () => {
    await signUp();
    await go("/");
    await ready();
    await makeAhead("/account");
    await passed(10_500);
    answersNothing();
    try {
        await show("/account");
        await path("/account");
        await wait("getComputedStyle(document.documentElement).visibility === 'hidden'");
    } finally {
        answersAgain();
    }
    await wait("getComputedStyle(document.documentElement).visibility === 'visible'");
    await ready();
    await logOut();
});

test("a page with a secret that was made before a log-out shows nothing of it", onlyChromium, async () => {
    await signUp();
    await type("#factor-current", PASSWORD);
    await submit("start-app");
    await path("/account/app");
    const secret = await wait("document.querySelector('.secret')?.innerText");
    await go("/account");
    await makeAhead("/account/app");
    await logOutUnnoticed();
    await show("/account/app");
    await path("/login?next=/account");
    assert.ok(!(await browser.getPageSource()).includes(secret));
});

test("an open chat is kept when the visitor leaves the page for the address bar", async () => {
    await signUp();
    await startConversation();
    await type("#messageInput", "half a sent");
    await run("dispatchEvent(new Event('blur'))");
    assert.match(await run("return sessionStorage['leptos-ticketping.resume']"), /half a sent/);
    await logOut();
});
