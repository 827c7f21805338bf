// What Lighthouse says of the release binary's pages with the widget on them, on a phone and on a desktop. Fails under 100
// for accessibility, best practices and search engines, and under 95 for speed. `--without-speed` leaves speed out: CI's
// machine has other work. Writes docs/lighthouse.json.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const withoutSpeed = process.argv.includes("--without-speed");
const wanted = { performance: 95, accessibility: 100, "best-practices": 100, seo: 100 };
const onlyCategories = Object.keys(wanted).filter((category) => !(withoutSpeed && category === "performance"));
const pages = ["/", "/login", "/signup"];

const origin = "http://127.0.0.1:3296";
const folder = mkdtempSync(join(tmpdir(), "lighthouse-"));
cpSync("target/release/ticketping-leptos", join(folder, "ticketping-leptos"));
const server = spawn("./ticketping-leptos", {
    cwd: folder,
    env: { LEPTOS_SITE_ADDR: "127.0.0.1:3296", TICKETPING_SANDBOX: "true", RUST_LOG: "error" },
    stdio: ["ignore", "ignore", "inherit"],
});
// Chromium's own variable, Debian's package, or the one that Playwright has installed.
const debian = "/usr/bin/chromium";
const installed = async () => (await import("@playwright/test")).chromium.executablePath();
const chromePath = process.env.CHROMIUM ?? (existsSync(debian) ? debian : await installed());
const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox"] });
process.on("exit", () => {
    chrome.kill();
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
});
for (let tries = 0; !(await fetch(`${origin}/readyz`).catch(() => undefined))?.ok; tries++) {
    if (tries > 200) throw new Error("the server does not answer");
    await new Promise((next) => setTimeout(next, 50));
}

const scores = [];
for (const preset of ["mobile", "desktop"]) {
    for (const page of pages) {
        const { lhr } = await lighthouse(origin + page, { port: chrome.port, onlyCategories, logLevel: "error" }, preset === "desktop" ? desktopConfig : undefined);
        if (lhr.runtimeError) throw new Error(`${page}: ${lhr.runtimeError.message}`);
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
    const report = { date: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores, ${cpus()[0].model}`, scores };
    writeFileSync("docs/lighthouse.json", `${JSON.stringify(report, undefined, 2)}\n`);
}
process.exit();
