// Pages that Chromium makes while the pointer rests on a link, and shows at the click.
import assert from "node:assert/strict";
import { test } from "node:test";
import { By, answered, browser, engine, go, isOpen, logOut, logOutUnnoticed, path, ready, run, shows, signUp, startConversation, type, wait } from "./support.mjs";

const onlyChromium = { skip: engine !== "chromium" && "only Chromium makes pages ahead" };

/** Rests on the link to a page until that is made. */
async function restOn(page) {
    const before = await answered(page);
    const link = await browser.findElement(By.css(`header a[href='${page}']`));
    await browser.actions().move({ origin: link }).perform();
    await browser.wait(async () => (await answered(page)) > before, 10_000, `${page} is not made ahead`);
}

const press = () => browser.actions().click().perform();
const shownAt = () => run("return performance.getEntriesByType('navigation')[0].activationStart");

test("a page that is made ahead is ready when it is shown, and its chat starts then and not before", onlyChromium, async () => {
    await signUp();
    await restOn("/");
    await press();
    await path("/");
    await ready();
    const requests = await run("return performance.getEntriesByType('resource').map(({ name, startTime }) => [name, startTime])");
    const shown = await shownAt();
    assert.ok(shown > 0, "it was made at the click");
    const ofChat = requests.filter(([name]) => /chat-jwt|\/widget\//.test(name)).map(([, time]) => time);
    assert.ok(ofChat.length >= 3 && ofChat.every((time) => time >= shown), `shown at ${shown}, asked at ${ofChat}`);
    await logOut();
});

test("what is written after the next page was made is on it when it is shown", onlyChromium, async () => {
    await signUp();
    await startConversation();
    await restOn("/");
    await type("#messageInput", "written after that\n");
    await shows("I read: “written after that”");
    await type("#messageInput", "half a sent");
    await press();
    await path("/");
    assert.ok((await shownAt()) > 0);
    await isOpen();
    await shows("I read: “written after that”");
    await wait("document.querySelector('#messageInput')?.value === 'half a sent'");
    await logOut();
});

test("a page that was made before a log-out that no page could note is made again", onlyChromium, async () => {
    const email = await signUp();
    await go("/");
    await ready();
    await restOn("/account");
    await logOutUnnoticed();
    await press();
    await path("/login?next=/account");
    await ready();
    assert.ok(!(await browser.getPageSource()).includes(email));
});

test("a page that was made before light became dark is dark", onlyChromium, async () => {
    await go("/");
    await ready();
    const theme = () => run("return document.documentElement.dataset.theme");
    const before = await theme();
    await restOn("/login");
    await run("document.querySelector('.theme-switch').click()");
    await press();
    await path("/login");
    assert.ok((await shownAt()) > 0);
    assert.notEqual(await theme(), before);
});

test("a page that was made more than ten seconds ago is made again", onlyChromium, async () => {
    await signUp();
    await go("/");
    await ready();
    await restOn("/account");
    const rested = Date.now();
    await run("return fetch('/api/auth/change-name', { method: 'POST', body: new URLSearchParams({ name: 'Carol' }) }).then(({ ok }) => ok)");
    await browser.wait(() => Date.now() - rested > 10_500, 12_000);
    await press();
    await path("/account");
    await wait("document.querySelector('[name=name]')?.value === 'Carol'");
    await logOut();
});
