// What a visitor waits for, in three browsers: from the click on a link to the page painted, with the chat closed and open, shown
// in place and loaded; to the messages of the open chat; and on a first visit to the chat's bubble. On this machine's own network, and with 100 ms of delay in each direction.
// Prints a table and writes docs/clicks.json. `ENGINES=firefox` takes one browser, `TIMELINE=1` says when each file came.
import { writeFileSync } from "node:fs";
import http from "node:http";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { By, Key } from "selenium-webdriver";
import { PATIENCE, freePort, newBrowser, stopAll } from "../end2end/engines/browsers.mjs";
import { folder, machine, median, root, signUp, start, today } from "./shared.mjs";

const clicks = Number(process.env.CLICKS ?? 14);
const engines = (process.env.ENGINES ?? "chromium firefox webkit").split(" ");
const binary = process.env.BINARY ?? join(root, "target/release/ticketping-leptos");

/** A network that takes so many milliseconds each way, also to connect. */
function network(delay, to) {
    return new Promise((listening) => {
        const server = createServer((client) => {
            const upstream = connect(to, "127.0.0.1");
            const opened = performance.now() + 2 * delay;
            for (const [from, into] of [[client, upstream], [upstream, client]]) {
                from.setNoDelay(true);
                // In the order in which it came.
                const underWay = [];
                const arrive = () => {
                    while (underWay[0]?.at <= performance.now()) underWay.shift().act();
                    if (underWay.length) setTimeout(arrive, Math.max(1, underWay[0].at - performance.now()));
                };
                const later = (act) => {
                    if (delay === 0) return act();
                    if (underWay.push({ at: Math.max(performance.now(), opened) + delay, act }) === 1) setTimeout(arrive, delay);
                };
                from.on("data", (bytes) => later(() => into.write(bytes)));
                from.on("end", () => later(() => into.end()));
                from.on("error", () => into.destroy());
            }
        });
        server.listen(0, "127.0.0.1", () => listening(server));
    });
}

const waitFor = (browser, script, ...given) =>
    browser.wait(async () => (await browser.executeScript(`return ${script}`, ...given).catch(() => undefined)) || undefined, PATIENCE, script);

/** When a page was shown: when it came to be, or later, where the browser had made it ahead. */
const SHOWN = "Date.now() - performance.now() + (performance.getEntriesByType('navigation')[0]?.activationStart ?? 0)";

/** Whether a part of the page that holds this text is there and is not fading in any more. */
const isSeen = (selector, text = "") => `[...document.querySelectorAll("${selector}")].some((part) => part.textContent.includes("${text}")
    && [part, part.closest(".ticketping-chat-window") ?? part].every((faded) => getComputedStyle(faded).opacity > 0.9))`;

/**
 * When something is first seen on the page that is shown after the click. By the wall clock: that of `performance` is not the same on two
 * pages.
 */
async function firstSeen(browser, isThere, since) {
    for (const end = Date.now() + PATIENCE; Date.now() < end;) {
        const seen = await browser.executeScript(`
            const inPlace = JSON.parse(sessionStorage.getItem("inPlace"));
            if (inPlace) return inPlace.seen;
            const since = arguments[0] ?? Number(sessionStorage.getItem("clicked"));
            const root = document.documentElement;
            if (!root || document.prerendering || ${SHOWN} < since) return;
            const look = () => {
                if (${isThere}) root.dataset.seen ??= Date.now();
                else requestAnimationFrame(look);
            };
            if (!root.dataset.looked) look();
            root.dataset.looked = "";
            return root.dataset.seen;
        `, since).catch(() => undefined);
        if (seen) return Number(seen);
    }
    throw new Error(`never seen: ${isThere}`);
}

/**
 * Clicks as a hand does. Where the next page is shown in the document that is there, it is painted by the frame after the one that
 * has it, and that is noted here.
 */
async function click(browser, link, isThere = "true") {
    await browser.executeScript(`
        const look = (before) => {
            if (document.querySelector("main") === before || !(${isThere})) return requestAnimationFrame(() => look(before));
            const seen = Date.now();
            requestAnimationFrame(() => sessionStorage.setItem("inPlace", JSON.stringify({ seen, painted: Date.now() })));
        };
        sessionStorage.removeItem("inPlace");
        addEventListener("click", () => {
            sessionStorage.setItem("clicked", Date.now());
            look(document.querySelector("main"));
        }, { capture: true, once: true });
    `);
    const element = await browser.findElement(By.css(link));
    // As long as a hand takes between the two.
    await browser.actions().move({ origin: element }).press().pause(80).release().perform();
}

/** When the page was painted that was shown after the click, and when the click was. */
const painting = (browser) =>
    waitFor(browser, `(() => {
        const inPlace = JSON.parse(sessionStorage.getItem("inPlace"));
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        const clicked = Number(sessionStorage.getItem("clicked")), origin = Date.now() - performance.now();
        if (inPlace) return [inPlace.painted - clicked, clicked];
        return paint && ${SHOWN} >= clicked - 1 && [origin + paint.startTime - clicked, clicked];
    })()`);

/** The least that a browser takes: two pages of a heading and a link each. */
async function paintsEmptyPages(browser, delay) {
    const pages = http.createServer(({ url }, answer) => {
        answer.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" });
        answer.end(`<!DOCTYPE html><title>${url}</title><h1>${url}</h1><a href="${url === "/one" ? "/other" : "/one"}">Go on</a>`);
    });
    await new Promise((listening) => pages.listen(0, "127.0.0.1", listening));
    const way = await network(delay, pages.address().port);
    await browser.get(`http://127.0.0.1:${way.address().port}/one`);
    const painted = [];
    for (let count = 0; count < clicks + 2; count++) {
        await waitFor(browser, `location.pathname === "${count % 2 ? "/other" : "/one"}" && document.readyState === "complete"`);
        await click(browser, "a");
        const [paint] = await painting(browser);
        if (count > 1) painted.push(paint);
    }
    way.close();
    pages.close();
    return median(painted);
}

/** Goes back and forth, and says how long it took from the click to the page painted and to something on it. */
async function followLinks(browser, { isReady, isThere, loads = false }) {
    const painted = [], seen = [];
    let timeline;
    for (let count = 0; count < clicks + 2; count++) {
        await waitFor(browser, `document.readyState === "complete" && ${isReady}`);
        const link = `header a[href='${count % 2 ? "/account" : "/"}']`;
        // Then it is the browser that follows it.
        if (loads) await browser.executeScript("document.querySelector(arguments[0]).target = '_self'", link);
        await click(browser, link, isThere);
        const at = await firstSeen(browser, isThere, null);
        const [paint, clicked] = await painting(browser);
        // The first two fill the browser's cache.
        if (count > 1) {
            painted.push(paint);
            seen.push(at - clicked);
        }
        timeline = await browser.executeScript(`return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) =>
            [entry.name.slice(0, 110), ...[entry.startTime, entry.responseEnd].map((time) => Math.round(time + Date.now() - performance.now() - arguments[0])), entry.transferSize].join(" "))`, clicked);
    }
    if (process.env.TIMELINE) console.log(timeline.join("\n"));
    return { painted: Math.round(median(painted)), seen: Math.round(median(seen)), slowest: Math.round(Math.max(...seen)) };
}

async function measure(engine, delay) {
    const port = await freePort();
    const direct = `http://127.0.0.1:${port}`;
    const way = await network(delay, port);
    const origin = `http://127.0.0.1:${way.address().port}`;
    const server = await start(direct, [binary], {
        cores: "0-1",
        environment: { LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, PUBLIC_URL: origin, DATABASE_URL: `sqlite://${join(folder, `${port}.db`)}`, TICKETPING_SANDBOX: "true", RATE_LIMIT_FACTOR: "1000" },
    });
    const bubbles = [];
    for (let visit = 0; visit < 5; visit++) {
        const browser = await newBrowser(engine, { waitsFor: "none" });
        await browser.get(`${origin}/`);
        const seen = await firstSeen(browser, isSeen(".ticketping-chat-bubble"), 1);
        bubbles.push(seen - await browser.executeScript("return Date.now() - performance.now()"));
        await browser.quit();
    }
    const session = await signUp({ origin: direct });
    const browser = await newBrowser(engine, { waitsFor: "none" });
    await browser.manage().setTimeouts({ script: PATIENCE });
    // The chat covers no link.
    await browser.manage().window().setRect({ width: 1280, height: 1000 });
    await browser.get(`${origin}/login`);
    await waitFor(browser, "location.pathname === '/login' && document.readyState === 'complete'");
    await browser.manage().addCookie({ name: "session", value: session.slice("session=".length) });
    await browser.get(`${origin}/account`);
    await waitFor(browser, "location.pathname === '/account' && window.TicketpingChat?.instance?.isInitialized");
    await browser.executeScript("document.querySelector('.ticketping-chat-bubble').click()");
    await waitFor(browser, "document.querySelector('.ticketping-start-conversation-btn') && !document.querySelector('.ticketping-start-conversation-btn').click()");
    await waitFor(browser, "document.querySelector('.ticketping-message.agent')");
    await browser.findElement(By.css("#messageInput")).sendKeys("hello", Key.ENTER);
    const answered = isSeen(".ticketping-message", "I read");
    await waitFor(browser, answered);
    // The chat is as it is when somebody has used it.
    const isUsed = "TicketpingChat.instance.isChatSessionActive";
    const open = await followLinks(browser, { isReady: isUsed, isThere: answered });
    const loaded = await followLinks(browser, { isReady: isUsed, isThere: answered, loads: true });
    await browser.executeScript("TicketpingChat.close()");
    const isStarted = "TicketpingChat.instance?.isInitialized";
    const closed = await followLinks(browser, { isReady: isStarted, isThere: "true" });
    const closedLoaded = await followLinks(browser, { isReady: isStarted, isThere: "true", loads: true });
    const empty = await paintsEmptyPages(browser, delay);
    await browser.quit();
    way.close();
    await server.stop();
    return {
        engine,
        delay,
        empty: Math.round(empty),
        closed: { painted: closed.painted, loaded: closedLoaded.painted },
        open: { painted: open.painted, messages: open.seen, slowestMessages: open.slowest },
        loaded: { painted: loaded.painted, messages: loaded.seen, slowestMessages: loaded.slowest },
        bubble: Math.round(median(bubbles)),
    };
}

process.on("exit", stopAll);
const rows = [];
for (const delay of [0, 100])
    for (const engine of engines) {
        rows.push(await measure(engine, delay));
        console.log(JSON.stringify(rows.at(-1)));
    }
if (engines.length === 3 && !process.env.BINARY) writeFileSync("docs/clicks.json", `${JSON.stringify({ date: today, machine, clicks, rows }, undefined, 2)}\n`);
process.exit(0);
