// What Lighthouse says of the release binary's pages with the widget on them, on a phone and on a desktop. Fails under 100
// for accessibility, best practices and search engines, and under 95 for speed. `--without-speed` leaves speed out: CI's
// machine has other work. Writes docs/lighthouse.json.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";
import { machine, root, start, today } from "../shared.mjs";

const withoutSpeed = process.argv.includes("--without-speed");
const wanted = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };
const onlyCategories = Object.keys(wanted).filter((category) => !(withoutSpeed && category === "performance"));
const pages = ["/", "/login", "/signup"];

const address = "127.0.0.1:3296";
const { origin } = await start(`http://${address}`, [join(root, "target/release/ticketping-leptos")], {
    environment: { LEPTOS_SITE_ADDR: address, TICKETPING_SANDBOX: "true", RUST_LOG: "error" },
});
// The same Chromium as in the browser tests.
const debian = "/usr/bin/chromium";
const chromePath = process.env.CHROMIUM ?? (existsSync(debian) ? debian : chromium.executablePath());
const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox"] });
process.on("exit", () => chrome.kill());

const scores = [];
for (const preset of ["mobile", "desktop"]) {
    for (const page of pages) {
        const { lhr } = await lighthouse(origin + page, { port: chrome.port, onlyCategories, onlyAudits: ["network-requests"], logLevel: "error" }, preset === "desktop" ? desktopConfig : undefined);
        if (lhr.runtimeError) throw new Error(`${page}: ${lhr.runtimeError.message}`);
        const loaded = lhr.audits["network-requests"].details.items.some(({ url, statusCode }) => url.endsWith("/widget.min.js") && statusCode === 200);
        if (!loaded) throw new Error(`${page}: the widget was not on the page`);
        const score = Object.fromEntries(onlyCategories.map((category) => [category, Math.round(lhr.categories[category].score * 100)]));
        const paint = lhr.audits["first-contentful-paint"]?.numericValue;
        scores.push({ page, preset, ...score, ...(paint && { firstContentfulPaintMs: Math.round(paint) }) });
        const low = onlyCategories.filter((category) => score[category] < wanted[category]);
        console.log(`${preset.padEnd(8)} ${page.padEnd(8)} ${onlyCategories.map((category) => `${category} ${score[category]}`).join(", ")}`);
        for (const category of low) {
            process.exitCode = 1;
            const short = lhr.categories[category].auditRefs.map(({ id }) => lhr.audits[id]).filter(({ score }) => score !== null && score < 1);
            console.log(`  ${category} is under ${wanted[category]}: ${short.map(({ id }) => id).join(", ")}`);
        }
    }
}
if (!withoutSpeed) {
    writeFileSync("docs/lighthouse.json", `${JSON.stringify({ date: today, machine, scores }, undefined, 2)}\n`);
}
process.exit();
