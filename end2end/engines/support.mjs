// A server, and a browser that is not Chromium: ENGINE is firefox or webkit.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { Builder, By, Key, until } from "selenium-webdriver";
import { Options } from "selenium-webdriver/firefox.js";

export { By, Key, until };
export const engine = process.env.ENGINE;
export const PASSWORD = "correct horse battery";
/** How long anything may take. */
const PATIENCE = 10_000;

const folder = mkdtempSync(join(tmpdir(), `${engine}-`));
const children = [];
const start = (command, options, environment) =>
    children.push(spawn(command, options, { stdio: "ignore", detached: true, env: { ...process.env, ...environment } }));
const freePort = () =>
    new Promise((port) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
            port(server.address().port);
            server.close();
        });
    });
async function answers(url) {
    const end = Date.now() + PATIENCE;
    while (!(await fetch(url).catch(() => undefined))?.ok) {
        if (Date.now() > end) throw new Error(`${url} does not answer`);
        await new Promise((next) => setTimeout(next, 50));
    }
}

function webkit() {
    const libraries = "/usr/lib/x86_64-linux-gnu";
    const version = readdirSync(libraries).find((name) => existsSync(join(libraries, name, "MiniBrowser")));
    return new Builder().withCapabilities({
        browserName: "MiniBrowser",
        "webkitgtk:browserOptions": { binary: join(libraries, version, "MiniBrowser"), args: ["--automation"] },
    });
}

function firefox(preferences) {
    const options = new Options().addArguments("-headless");
    // Debian's. Elsewhere geckodriver looks for one.
    if (existsSync("/usr/bin/firefox-esr")) options.setBinary("/usr/bin/firefox-esr");
    Object.entries(preferences).forEach(([name, value]) => options.setPreference(name, value));
    return new Builder().forBrowser("firefox").setFirefoxOptions(options);
}

/** A browser that knows nothing, with a driver of its own. Only Firefox takes preferences. */
export async function newBrowser(preferences = {}) {
    const port = await freePort();
    // Debian's MiniBrowser needs a screen.
    if (engine === "webkit") start("xvfb-run", ["--auto-servernum", "WebKitWebDriver", `--port=${port}`]);
    else start("geckodriver", ["--port", String(port)]);
    await answers(`http://127.0.0.1:${port}/status`);
    return (engine === "webkit" ? webkit() : firefox(preferences)).usingServer(`http://127.0.0.1:${port}`).build();
}

export let origin, browser;

before(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    start(process.env.E2E_BINARY ?? resolve("target/debug/ticketping-leptos"), [], {
        LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
        DATABASE_URL: `sqlite://${join(folder, "app.db")}`,
        TICKETPING_SANDBOX: "true",
        // Renewed after 24 seconds.
        TICKETPING_JWT_TTL_SECONDS: "30",
        RATE_LIMIT_FACTOR: "1000",
    });
    await answers(`${origin}/readyz`);
    browser = await newBrowser();
});

after(async () => {
    await browser?.quit();
    for (const child of children) {
        // One that has ended by itself is no group any more.
        if (child.exitCode === null && child.pid) process.kill(-child.pid);
    }
    rmSync(folder, { recursive: true, force: true });
});

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
