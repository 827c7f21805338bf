// Links: what needs Playwright. The rest is in engines/.
import { type Page, expect, test } from "@playwright/test";
import { brand, bubble, chatWindow, linksAreFollowed, listen, memory, person, ready, signUp } from "./support";

async function open(page: Page) {
    await ready(page);
    await bubble(page).click();
    await expect(chatWindow(page)).toHaveClass(/open/);
    await linksAreFollowed(page);
}
const mark = (page: Page) => page.evaluate(() => ((window as any).theSame = true));
const isTheSame = (page: Page) => page.evaluate(() => (window as any).theSame === true);

test("a link whose page cannot be asked for is followed by the browser", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    await open(page);
    await mark(page);
    await page.route(
        (url) => url.pathname === "/",
        (route) => (route.request().resourceType() === "fetch" ? route.abort() : route.continue()),
    );
    await brand(page).click();
    await page.waitForURL((url) => url.pathname === "/");
    await ready(page);
    expect(await isTheSame(page)).toBe(false);
    expect(heard.exceptions).toEqual([]);
});

test("a link with a key held down opens a tab, and leaves the page as it is", async ({ page, context }) => {
    await page.goto("/");
    await open(page);
    const tab = context.waitForEvent("page");
    await page.getByRole("link", { name: "Log in" }).first().click({ modifiers: ["ControlOrMeta"] });
    await (await tab).waitForURL("**/login");
    expect(new URL(page.url()).pathname).toBe("/");
});

test("a link that leads elsewhere ends there", async ({ page }) => {
    await signUp(page, person("Alice"));
    await page.goto("/");
    await open(page);
    await page.locator("main").evaluate((main) => main.append(Object.assign(document.createElement("a"), { href: "/login", textContent: "Log in again" })));
    await page.getByRole("link", { name: "Log in again" }).click();
    await page.waitForURL("**/account");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Account");
});

test("what repeats itself on a page does so once, however often a link has shown the page", async ({ page }) => {
    await page.clock.install();
    await page.addInitScript(() => {
        (window as any).seconds = 0;
        const { setTimeout } = window;
        window.setTimeout = ((act: () => void, after?: number, ...rest: unknown[]) => {
            if (after === 1_000) (window as any).seconds += 1;
            return setTimeout(act, after, ...rest);
        }) as typeof window.setTimeout;
    });
    await signUp(page, person("Alice"));
    await page.goto("/");
    const seconds = () => page.evaluate<number>("window.seconds");
    await expect.poll(seconds).toBeGreaterThan(0);
    // A made-up clock knows no resources.
    const followed = page.waitForResponse("**/navigation.js");
    await bubble(page).click();
    await (await followed).finished();
    for (const _ of ["once", "twice"]) {
        await page.getByRole("link", { name: "Your account" }).click();
        await expect(page.getByLabel("New email")).toBeVisible();
        await brand(page).click();
        await expect(page.locator(".token-life")).toBeVisible();
    }
    const before = await seconds();
    await page.clock.runFor(10_000);
    expect((await seconds()) - before).toBeGreaterThanOrEqual(9);
    expect((await seconds()) - before).toBeLessThanOrEqual(11);
});

test("islands wake once, also when the page goes back before any island is awake", async ({ page }) => {
    await signUp(page, person("Alice"));
    await open(page);
    await brand(page).click();
    await expect(page.getByText("How the support team sees you")).toBeVisible();
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/*.wasm", async (route) => { await isAnswered; await route.continue(); });
    await page.reload({ waitUntil: "domcontentloaded" });
    await page.evaluate(() => history.back());
    const password = page.getByLabel("Current password").first();
    await expect(password).toBeVisible();
    answer();
    await expect(page.locator("html[data-hydrated]")).toBeAttached();
    await ready(page);
    await page.getByRole("button", { name: "Show" }).first().click();
    await expect(password).toHaveAttribute("type", "text");
});

test("links leave nothing behind but their islands", async ({ page }) => {
    test.setTimeout(120_000);
    const heard = listen(page);
    await page.addInitScript(() => ["log", "warn", "error"].forEach((level) => ((console as any)[level] = () => {})));
    await signUp(page, person("Alice"));
    await open(page);
    await mark(page);
    const follow = (times: number) =>
        page.evaluate(async (times) => {
            const until = async (there: string) => {
                while (!document.querySelector(there)) await new Promise((next) => setTimeout(next, 0));
            };
            for (let i = 0; i < times; i++) {
                document.querySelector<HTMLElement>("header a[href='/']")!.click();
                await until("main .token-life");
                document.querySelector<HTMLElement>("header a[href='/account']")!.click();
                await until("main #factor-current");
            }
        }, times);
    const measure = await memory(page);
    await follow(20);
    const before = await measure();
    await follow(100);
    const after = await measure();
    expect(await isTheSame(page)).toBe(true);
    expect(after.nodes - before.nodes).toBeLessThan(200 * 40);
    expect(after.listeners - before.listeners).toBeLessThan(200 * 5);
    expect(after.heap - before.heap).toBeLessThan(4);
    expect(heard.exceptions).toEqual([]);
});
