// Pages that history brings back. Over plain http WebKit's back-forward cache keeps `no-store` pages too; Firefox's keeps none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { By, browser, engine, go, logOut, logOutUnnoticed, origin, owner, path, ready, run, shows, signUp, submit, type, until, wait } from "./support.mjs";

/** What `pageshow` says of a page that the browser kept; `undefined` where it keeps none. WebKit decides that by itself, and is asked
 * with two pages that hold nothing. */
const whatIsKept = async () => {
    if (engine !== "webkit") return undefined;
    await go("/healthz");
    await run("sessionStorage.clear(); addEventListener('pageshow', ({ persisted }) => (sessionStorage.persisted = persisted))");
    await go("/readyz");
    await browser.navigate().back();
    await path("/healthz");
    const persisted = await run("return sessionStorage.persisted");
    if (!persisted) console.log("NOT CHECKED: this WebKit keeps no pages for its history");
    return persisted ?? undefined;
};
let known, kept;
const learnWhatIsKept = async () => (kept = await (known ??= whatIsKept()));

const watchFrames = `sessionStorage.clear();
addEventListener("pageshow", ({ persisted }) => {
    sessionStorage.persisted = persisted;
    const look = () => {
        sessionStorage.frames = (sessionStorage.frames ?? "") + getComputedStyle(document.documentElement).visibility + " ";
        requestAnimationFrame(look);
    };
    look();
})`;

async function assertHidden(email) {
    const { persisted, frames } = await run("return { ...sessionStorage }");
    assert.equal(persisted, kept);
    assert.match(frames ?? "", kept ? /^(hidden )+$/ : /^$/);
    assert.ok(!(await browser.getPageSource()).includes(email));
}

test("back to a page from before log-in leaves the user's chat alone", async () => {
    await signUp();
    const alice = await owner();
    await run("history.go(-2)");
    await path("/");
    await ready();
    assert.equal(await owner(), alice);
    await logOut();
});

test("back after log-out shows no frame of the account page, although the browser kept it", async () => {
    await learnWhatIsKept();
    const email = await signUp();
    await run(watchFrames);
    await logOut();
    await browser.navigate().back();
    await path("/login?next=/account");
    await ready();
    await assertHidden(email);
});

test("back after a log-out that no page could note shows no frame of the account page", async () => {
    await learnWhatIsKept();
    const email = await signUp();
    await run(watchFrames);
    await browser.get(`${origin}/healthz`);
    await logOutUnnoticed();
    await browser.navigate().back();
    await path("/login?next=/account");
    await ready();
    await assertHidden(email);
});

test("back while the session lives shows the account page and its chat again", async () => {
    await learnWhatIsKept();
    const email = await signUp();
    await run(watchFrames);
    await browser.get(`${origin}/healthz`);
    await browser.navigate().back();
    await path("/account");
    await ready();
    const { persisted, frames } = await run("return { ...sessionStorage }");
    assert.equal(persisted, kept);
    assert.match(frames ?? "", kept ? /^(hidden )+(visible )+$/ : /^$/);
    assert.ok((await browser.getPageSource()).includes(email));
    await wait("TicketpingChat.instance.notifiWs?.ws?.readyState === WebSocket.OPEN");
});

test("back after log-out shows nothing of a page with a secret, and nothing of a link's page", async () => {
    await learnWhatIsKept();
    const email = await signUp();
    await browser.findElement(By.id("factor-current")).sendKeys("correct horse battery");
    await submit("start-app");
    await path("/account/app");
    const secret = await browser.wait(until.elementLocated(By.css(".secret")), 10_000).getText();
    await run(watchFrames);
    await submit("log-out");
    await path("/");
    await browser.navigate().back();
    await path("/login?next=/account");
    const { persisted, frames } = await run("return { ...sessionStorage }");
    assert.equal(persisted, kept);
    assert.match(frames ?? "", kept ? /^(hidden )+$/ : /^$/);
    assert.ok(!(await browser.getPageSource()).includes(secret));
    // Before it come the account page and the page of the sign-up's link.
    await run("history.go(-2)");
    await browser.wait(async () => (await browser.getPageSource()).includes("This link does not work"), 10_000);
    assert.ok(!(await browser.getPageSource()).includes(email));
});
