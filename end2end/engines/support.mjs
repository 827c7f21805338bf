// A server and a browser: ENGINE is chromium, firefox or webkit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { By, Key, until } from "selenium-webdriver";
import * as browsers from "./browsers.mjs";

export { By, Key, until };
export const engine = process.env.ENGINE;
export const PASSWORD = "correct horse battery";
/** A sentence of the home page of somebody who is logged in. */
export const HOME = "How the support team sees you";
const { PATIENCE } = browsers;

const folder = mkdtempSync(join(tmpdir(), `${engine}-`));

export const newBrowser = (preferences) => browsers.newBrowser(engine, { preferences });

export let origin, browser;
let metrics, server;

before(async () => {
    const port = await browsers.freePort();
    origin = `http://127.0.0.1:${port}`;
    metrics = `127.0.0.1:${await browsers.freePort()}`;
    server = browsers.start(process.env.E2E_BINARY ?? resolve("target/debug/ticketping-leptos"), [], {
        LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
        DATABASE_URL: `sqlite://${join(folder, "app.db")}`,
        TICKETPING_SANDBOX: "true",
        METRICS_ADDR: metrics,
        // Renewed after 24 seconds.
        TICKETPING_JWT_TTL_SECONDS: "30",
        RATE_LIMIT_FACTOR: "1000",
    });
    await browsers.answers(`${origin}/readyz`);
    browser = await newBrowser();
    // Wide enough that the open chat covers no link.
    await browser.manage().window().setRect({ width: 1280, height: 900 });
});

after(async () => {
    await browser?.quit();
    browsers.stopAll();
    rmSync(folder, { recursive: true, force: true });
});

/** The server stands still, and goes on. */
export const answersNothing = () => server.kill("SIGSTOP");
export const answersAgain = () => server.kill("SIGCONT");

/** How often the server has answered with a page. */
export async function answered(page) {
    const counts = await (await fetch(`http://${metrics}/metrics`)).text();
    return Number(counts.split(`http_requests_total{route="${page}",method="GET",status="200"} `)[1]?.split("\n")[0] ?? 0);
}

/** Runs a script in the page. */
export const run = (script, ...given) => browser.executeScript(script, ...given);

/** Waits until the script says something that is not nothing, and says what. */
export const wait = (script, ...given) =>
    browser.wait(async () => (await run(`return ${script}`, ...given).catch(() => undefined)) || undefined, PATIENCE, script);

export const path = (wanted) => browser.wait(until.urlIs(`${origin}${wanted}`), PATIENCE);
export const go = (wanted) => browser.get(`${origin}${wanted}`);
export const shows = (text) => wait("document.body.innerText.includes(arguments[0])", text);
export const ready = () => wait("window.TicketpingChat?.instance?.isInitialized === true");
export const owner = () => run("return localStorage.getItem('leptos-ticketping.owner')");
export const submit = (form) => run(`document.querySelector("form[action$='${form}']").submit()`);

/** Does it with an element, once that is there and can be used. */
const when = (selector, act) =>
    browser.wait(() => browser.findElement(By.css(selector)).then(act).then(() => true, () => false), PATIENCE, selector);
export const click = (selector) => when(selector, (element) => element.click());
export const type = (selector, ...keys) => when(selector, (element) => element.sendKeys(...keys));

/** Somebody whose address nobody else has. */
export const person = (name) => ({ name, email: `${name.toLowerCase()}.${Date.now()}@example.com` });

export async function signUp({ name, email } = person("Alice")) {
    await go("/");
    await ready();
    await fetch(`${origin}/api/auth/sign-up`, { method: "POST", body: new URLSearchParams({ name, email }) });
    const mailbox = await (await fetch(`${origin}/sandbox/mail`)).text();
    await browser.get(new RegExp(`${email}[^]*?href="([^"]+token=[^"]+)"`).exec(mailbox)[1]);
    await browser.findElement(By.name("password")).sendKeys(PASSWORD);
    await submit("choose-password");
    await path("/account");
    await ready();
    return email;
}

/** Waits until the chat's window is open and the keyboard gets into it, which takes one frame longer. */
export const isOpen = () => wait("[document.querySelector('.ticketping-chat-window.open .ticketping-tab-content.active')].some((shown) => shown && getComputedStyle(shown).visibility === 'visible')");

/** Ends the session without a word to any page. */
export async function logOutUnnoticed() {
    const cookies = (await browser.manage().getCookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const { status } = await fetch(`${origin}/api/auth/log-out`, { method: "POST", headers: { cookie: cookies, origin }, redirect: "manual" });
    if (status !== 303) throw new Error(`the log-out answers ${status}`);
}

export async function logOut() {
    await submit("log-out");
    await path("/");
    await ready();
}

export async function startConversation() {
    await ready();
    await click(".ticketping-chat-bubble");
    await click(".ticketping-start-conversation-btn");
    await wait("document.querySelector('.ticketping-message.agent')");
}
