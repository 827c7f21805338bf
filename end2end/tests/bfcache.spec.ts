// The same with the back-forward cache, which Playwright switches off elsewhere.
import { expect, test } from "@playwright/test";
import { backToBeforeLogIn, chatIsStillOf, identity, logOut, person, ready, signUp } from "./support";

test("back to a page from before log-in leaves the user's chat alone", async ({ page, context }) => {
    const { id, other } = await backToBeforeLogIn(page, context);
    await chatIsStillOf(id, page, other);
});

test("back after log-out never shows the account page, not for one frame", async ({ page }) => {
    let shown: string[] = [];
    await page.exposeFunction("show", (text: string) => shown.push(text));
    await page.addInitScript(() => {
        const look = () => {
            const isVisible = document.body && getComputedStyle(document.documentElement).visibility === "visible";
            if (isVisible) (window as any).show(document.body.innerText);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    const alice = person("Alice");
    await signUp(page, alice);
    await ready(page);
    await logOut(page);
    await ready(page);
    expect(shown.join()).toContain(alice.email);
    shown = [];
    await page.goBack();
    await expect(page).toHaveURL(/\/(login|account|signup)/);
    await ready(page);
    expect(await identity(page)).toBe("");
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.join()).not.toContain(alice.email);
});

test("a page that comes back is told of new messages again", async ({ page }) => {
    await page.goto("/");
    await ready(page);
    const isOpen = () => page.evaluate(() => (window as any).TicketpingChat?.instance?.notifiWs?.ws?.readyState === WebSocket.OPEN);
    await expect.poll(isOpen).toBe(true);
    await page.evaluate(() => ((window as any).isTheSame = true));
    await page.goto("/healthz");
    await page.evaluate(() => history.back());
    await page.waitForURL((url) => url.pathname === "/", { waitUntil: "commit" });
    expect(await page.evaluate(() => (window as any).isTheSame)).toBe(true);
    await expect.poll(isOpen).toBe(true);
});
