// Pages that history brings back, in WebKit: over plain http its back-forward cache keeps `no-store` pages too.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { Builder, By, until } from "selenium-webdriver";

const folder = mkdtempSync(join(tmpdir(), "webkit-"));
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
    while (!(await fetch(url).catch(() => undefined))?.ok) await new Promise((next) => setTimeout(next, 50));
}

let origin, browser;

before(async () => {
    const [port, driver] = [await freePort(), await freePort()];
    origin = `http://127.0.0.1:${port}`;
    start(resolve("target/debug/ticketping-leptos"), [], {
        LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
        DATABASE_URL: `sqlite://${join(folder, "app.db")}`,
        TICKETPING_SANDBOX: "true",
    });
    // Debian's MiniBrowser needs a screen.
    start("xvfb-run", ["--auto-servernum", "WebKitWebDriver", `--port=${driver}`]);
    await answers(`${origin}/readyz`);
    await answers(`http://127.0.0.1:${driver}/status`);
    const libraries = "/usr/lib/x86_64-linux-gnu";
    const version = readdirSync(libraries).find((name) => existsSync(join(libraries, name, "MiniBrowser")));
    browser = await new Builder()
        .usingServer(`http://127.0.0.1:${driver}`)
        .withCapabilities({
            browserName: "MiniBrowser",
            "webkitgtk:browserOptions": { binary: join(libraries, version, "MiniBrowser"), args: ["--automation"] },
        })
        .build();
});

after(async () => {
    await browser?.quit();
    children.forEach((child) => process.kill(-child.pid));
    rmSync(folder, { recursive: true, force: true });
});

const path = (wanted) => browser.wait(until.urlIs(`${origin}${wanted}`), 10_000);
const ready = () => browser.wait(() => browser.executeScript("return window.TicketpingChat?.instance?.isInitialized === true"), 10_000);
const owner = () => browser.executeScript("return localStorage.getItem('leptos-ticketping.owner')");
const submit = (form) => browser.executeScript(`document.querySelector("form[action$='${form}']").submit()`);

async function signUp() {
    const email = `alice.${Date.now()}@example.com`;
    await browser.get(`${origin}/`);
    await ready();
    await fetch(`${origin}/api/auth/sign-up`, { method: "POST", body: new URLSearchParams({ email }) });
    const mailbox = await (await fetch(`${origin}/sandbox/mail`)).text();
    await browser.get(new RegExp(`${email}[^]*?href="([^"]+token=[^"]+)"`).exec(mailbox)[1]);
    await browser.findElement(By.name("password")).sendKeys("correct horse battery");
    await submit("choose-password");
    await path("/account");
    await ready();
    return email;
}

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
    const { persisted, frames } = await browser.executeScript("return { ...sessionStorage }");
    assert.equal(persisted, "true");
    assert.match(frames, /^(hidden )+$/);
    assert.ok(!(await browser.getPageSource()).includes(email));
}

test("back to a page from before log-in leaves the user's chat alone", async () => {
    await signUp();
    const alice = await owner();
    await browser.executeScript("history.go(-2)");
    await path("/");
    await ready();
    assert.equal(await owner(), alice);
    await submit("log-out");
    await path("/");
    await ready();
});

test("back after log-out shows no frame of the account page, although the browser kept it", async () => {
    const email = await signUp();
    await browser.executeScript(watchFrames);
    await submit("log-out");
    await path("/");
    await ready();
    await browser.navigate().back();
    await path("/login?next=/account");
    await ready();
    await assertHidden(email);
});

test("back after a log-out that no page could note shows no frame of the account page", async () => {
    const email = await signUp();
    await browser.executeScript(watchFrames);
    const cookies = (await browser.manage().getCookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    await browser.get(`${origin}/healthz`);
    const { status } = await fetch(`${origin}/api/auth/log-out`, { method: "POST", headers: { cookie: cookies, origin }, redirect: "manual" });
    assert.equal(status, 303);
    await browser.navigate().back();
    await path("/login?next=/account");
    await ready();
    await assertHidden(email);
});

test("back while the session lives shows the account page and its chat again", async () => {
    const email = await signUp();
    await browser.executeScript(watchFrames);
    await browser.get(`${origin}/healthz`);
    await browser.navigate().back();
    await path("/account");
    await browser.wait(() => browser.executeScript("return sessionStorage.frames?.includes('visible')"), 10_000);
    await ready();
    const { persisted, frames } = await browser.executeScript("return { ...sessionStorage }");
    assert.equal(persisted, "true");
    assert.match(frames, /^(hidden )+(visible )+$/);
    assert.ok((await browser.getPageSource()).includes(email));
});

test("back after log-out shows nothing of a page with a secret, and nothing of a link's page", async () => {
    const email = await signUp();
    await browser.findElement(By.id("factor-current")).sendKeys("correct horse battery");
    await submit("start-app");
    await path("/account/app");
    const secret = await browser.wait(until.elementLocated(By.css(".secret")), 10_000).getText();
    await browser.executeScript(watchFrames);
    await submit("log-out");
    await path("/");
    await browser.navigate().back();
    await path("/login?next=/account");
    const { persisted, frames } = await browser.executeScript("return { ...sessionStorage }");
    assert.equal(persisted, "true");
    assert.match(frames, /^(hidden )+$/);
    assert.ok(!(await browser.getPageSource()).includes(secret));
    // Before it come the account page and the page of the sign-up's link.
    await browser.executeScript("history.go(-2)");
    await browser.wait(async () => (await browser.getPageSource()).includes("This link does not work"), 10_000);
    assert.ok(!(await browser.getPageSource()).includes(email));
});
