// Browsers with a driver each: chromium, firefox or webkit. For tests, and for what is measured in all three.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Builder } from "selenium-webdriver";
import * as chrome from "selenium-webdriver/chrome.js";
import * as firefox from "selenium-webdriver/firefox.js";

/** How long anything may take. */
export const PATIENCE = 10_000;

const children = [];
/** Starts a program that `stopAll` stops, with all that it starts. */
export function start(command, options, environment) {
    const child = spawn(command, options, { stdio: "ignore", detached: true, env: { ...process.env, ...environment } });
    children.push(child);
    return child;
}

export function stopAll() {
    for (const { exitCode, signalCode, pid } of children) {
        // One that has ended by itself is no group any more.
        if (exitCode === null && signalCode === null && pid) process.kill(-pid);
    }
}

export const freePort = () =>
    new Promise((port) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
            port(server.address().port);
            server.close();
        });
    });

export async function answers(url) {
    const end = Date.now() + PATIENCE;
    while (!(await fetch(url).catch(() => undefined))?.ok) {
        if (Date.now() > end) throw new Error(`${url} does not answer`);
        await new Promise((next) => setTimeout(next, 50));
    }
}

const engines = {
    chromium: {
        driver: (port) => ["chromedriver", [`--port=${port}`]],
        build: (builder) => {
            const options = new chrome.Options().addArguments("--headless=new", "--no-sandbox");
            if (existsSync("/usr/bin/chromium")) options.setBinaryPath("/usr/bin/chromium");
            return builder.forBrowser("chrome").setChromeOptions(options);
        },
    },
    firefox: {
        driver: (port) => ["geckodriver", ["--port", String(port)]],
        build: (builder, preferences) => {
            const options = new firefox.Options().addArguments("-headless");
            // Debian's. Elsewhere geckodriver looks for one.
            if (existsSync("/usr/bin/firefox-esr")) options.setBinary("/usr/bin/firefox-esr");
            Object.entries(preferences).forEach(([name, value]) => options.setPreference(name, value));
            return builder.forBrowser("firefox").setFirefoxOptions(options);
        },
    },
    webkit: {
        // Debian's MiniBrowser needs a screen.
        driver: (port) => ["xvfb-run", ["--auto-servernum", "WebKitWebDriver", `--port=${port}`]],
        build: (builder) => {
            const libraries = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
            const version = readdirSync(libraries).find((name) => existsSync(join(libraries, name, "MiniBrowser")));
            const browserOptions = { binary: join(libraries, version, "MiniBrowser"), args: ["--automation"] };
            builder.getCapabilities().set("browserName", "MiniBrowser").set("webkitgtk:browserOptions", browserOptions);
            return builder;
        },
    },
};

/** A browser that knows nothing. Only Firefox takes preferences. `waitsFor` says how much of a page has to be there before the next step. */
export async function newBrowser(engine, { preferences = {}, waitsFor = "normal" } = {}) {
    const port = await freePort();
    const { driver, build } = engines[engine];
    start(...driver(port));
    await answers(`http://127.0.0.1:${port}/status`);
    const builder = new Builder().withCapabilities({ pageLoadStrategy: waitsFor });
    return build(builder, preferences).usingServer(`http://127.0.0.1:${port}`).build();
}
