// Pages that history brings back: from before log-in, and from before log-out.
import { expect, test } from "@playwright/test";
import { TOKEN_URL, backToBeforeLogIn, chatIsStillOf, chatInTwoTabs, person, ready, signUp } from "./support";

test("back to a page from before log-in leaves the user's chat alone, here and in the other tab", async ({ page, context }) => {
    const { id, other } = await backToBeforeLogIn(page, context);
    await chatIsStillOf(id, page, other);
});

test("a page from before log-in that the browser kept asks the server before it removes anything", async ({ page, context }) => {
    // What a browser did that paid no heed to `Vary`: it shows the page as it was.
    await page.goto("/");
    const before = await (await page.request.get("/", { headers: { accept: "text/html" } })).text();
    let kept = false;
    await context.route((url) => url.pathname === "/", (route) => {
        if (!kept || route.request().resourceType() !== "document") return route.continue();
        kept = false;
        return route.fulfill({ body: before, contentType: "text/html" });
    });
    await ready(page);
    const { id, other } = await chatInTwoTabs(page, context);
    kept = true;
    await page.evaluate(() => history.go(-2));
    await chatIsStillOf(id, page, other);
});

test("a page that history brings back is never left hidden, however often that is", async ({ page }) => {
    await signUp(page, person("Alice"));
    await ready(page);
    await page.route(TOKEN_URL, (route) => route.fulfill({ status: 500 }));
    for (let time = 1; time <= 7; time++) {
        const madeAgain = page.waitForEvent("load");
        await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
        await madeAgain;
        await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/chat-jwt")));
    }
    await expect(page.locator("html")).toHaveCSS("visibility", "visible");
});
