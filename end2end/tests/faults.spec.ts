// What can fail, fails: the app works, at most one line in the console says why, no exception,
// and the chat has the right identity or none.
import { expect, test, type Page, type Route } from "@playwright/test";
import { TOKEN_URL, bubble, identity, listen, logOut, owner, person, ready, signUp, startConversation } from "./support";

const live = (page: Page) => page.evaluate(() => !!(window as any).TicketpingChat?.instance);

async function worksWithoutChat(page: Page) {
    await page.goto("/account");
    await expect(page.getByRole("heading", { name: "Account", exact: true })).toBeVisible();
    await logOut(page);
    await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
}

const scripts: [string, (route: Route) => Promise<void>][] = [
    ["is a 404", (route) => route.fulfill({ status: 404, body: "not here" })],
    ["is served as HTML", (route) => route.fulfill({ contentType: "text/html", body: "<p>hello</p>" })],
    ["is blocked", (route) => route.abort()],
    ["defines nothing", (route) => route.fulfill({ contentType: "text/javascript", body: "0" })],
];
for (const [fault, answer] of scripts) {
    test(`the widget's script ${fault}`, async ({ page }) => {
        const heard = listen(page);
        await page.route("**/widget.min.js*", answer);
        await signUp(page, person("Alice"));
        await page.goto("/");
        await expect.poll(() => heard.ours.filter((path) => path === "/")).toHaveLength(1);
        expect(await live(page)).toBe(false);
        // Then the button is what it is without JavaScript: a link to the support address.
        const followed = await page.getByRole("link", { name: "Chat with us" }).evaluate((link) => {
            let stopped = true;
            addEventListener("click", (click) => { stopped = click.defaultPrevented; click.preventDefault(); }, { once: true });
            (link as HTMLElement).click();
            return !stopped;
        });
        expect(followed).toBe(true);
        await worksWithoutChat(page);
        expect(heard.exceptions).toEqual([]);
    });
}

test("a press on “Chat with us” before the islands are awake opens the chat once they are", async ({ page }) => {
    let load = () => {};
    const pressed = new Promise<void>((resolve) => (load = resolve));
    await page.route("**/*.wasm", async (route) => {
        await pressed;
        await route.continue();
    });
    await page.goto("/");
    await page.getByRole("link", { name: "Chat with us" }).click();
    load();
    await expect(page.locator(".ticketping-chat-window.open")).toBeVisible();
});

test("a page without the chat's data says so while developing", async ({ page }) => {
    const heard = listen(page);
    await page.route((url) => url.pathname === "/", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: (await answer.text()).replace("ticketping-page-data", "forgotten") });
    });
    await page.goto("/");
    await expect.poll(() => heard.ours).toEqual(["/"]);
    expect(heard.exceptions).toEqual([]);
});

const payload = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
const tokens: [string, Parameters<Route["fulfill"]>[0]][] = [
    ["answers HTML", { contentType: "text/html", body: "<p>log in</p>" }],
    ["answers 204", { status: 204 }],
    ["answers 500", { status: 500, body: "oops" }],
    ["answers a token without exp", { json: { jwt: payload({ external_id: "x", email: "x" }) } }],
    ["answers no token", { json: { jwt: null } }],
    ["answers a dead token", { json: { jwt: payload({ external_id: "x", exp: 1 }) } }],
];
for (const [fault, answer] of tokens) {
    test(`the token endpoint ${fault}`, async ({ page }) => {
        const heard = listen(page);
        await page.route(TOKEN_URL, (route) => route.fulfill(answer));
        await signUp(page, person("Alice"));
        await expect.poll(() => heard.ours).toEqual(["/account"]);
        expect(await live(page)).toBe(false);
        await page.unroute(TOKEN_URL);
        await page.evaluate(() => window.dispatchEvent(new Event("online")));
        await ready(page);
        expect(await identity(page)).not.toBe("");
        expect(heard.ours).toHaveLength(1);
        expect(heard.exceptions).toEqual([]);
    });
}

for (const answer of ["500", "nonsense", "hangs"]) {
    test(`the API answers ${answer}`, async ({ page }) => {
        const heard = listen(page);
        await page.route("**/sandbox/api/**", (route) => {
            if (answer === "500") return route.fulfill({ status: 500, body: "oops" });
            if (answer === "nonsense") return route.fulfill({ contentType: "application/json", body: "{\"x\":[1,2" });
        });
        await signUp(page, person("Alice"));
        await page.waitForFunction(() => (window as any).TicketpingChat?.instance);
        if (answer !== "hangs") await expect(bubble(page)).toBeVisible();
        await worksWithoutChat(page);
        expect(heard.exceptions).toEqual([]);
    });
}

test("sockets that close at once do no harm", async ({ page }) => {
    const heard = listen(page);
    await page.routeWebSocket(/\/sandbox\/ws\//, (socket) => socket.close());
    await signUp(page, person("Alice"));
    await ready(page);
    await bubble(page).click();
    await page.locator(".ticketping-start-conversation-btn").click();
    await worksWithoutChat(page);
    expect(heard.exceptions).toEqual([]);
});

test("sockets that close every second do no harm", async ({ page }) => {
    const heard = listen(page);
    let opened = 0;
    await page.routeWebSocket(/\/sandbox\/ws\//, (socket) => {
        opened += 1;
        socket.connectToServer();
        setTimeout(() => socket.close({ code: 1011 }).catch(() => {}), 1_000);
    });
    await signUp(page, person("Alice"));
    await startConversation(page);
    await expect.poll(() => opened, { timeout: 20_000 }).toBeGreaterThan(5);
    expect(await identity(page)).not.toBe("");
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    await worksWithoutChat(page);
    expect(heard.ours).toEqual([]);
    expect(heard.exceptions).toEqual([]);
});

const blocked: [string, () => void][] = [
    ["localStorage throws", () => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } })],
    ["localStorage is full", () => { Storage.prototype.setItem = () => { throw new DOMException("no", "QuotaExceededError"); }; }],
    ["cookies are blocked for scripts", () => Object.defineProperty(document, "cookie", { get: () => "", set: () => {} })],
];
for (const [fault, block] of blocked) {
    test(`${fault}: the chat still has the right identity, and then nobody's`, async ({ page }) => {
        const heard = listen(page);
        await page.addInitScript(block);
        const alice = person("Alice");
        await signUp(page, alice);
        await startConversation(page);
        await expect(page.getByText(`You are Alice, ${alice.email}, verified`)).toBeVisible();
        await page.goto("/");
        await logOut(page);
        await startConversation(page);
        await expect(page.getByText("I see an anonymous visitor")).toBeVisible();
        expect(heard.exceptions).toEqual([]);
    });
}

test("a file that the browser drops as the page is left is no failure", async ({ page }) => {
    const heard = listen(page);
    await page.clock.install();
    // Never answered.
    await page.route(/widget\.min\.js/, () => {});
    await page.goto("/");
    const script = page.locator('script[src*="widget.min.js"]');
    await expect(async () => {
        await page.clock.runFor(1_000);
        await expect(script).toHaveCount(1, { timeout: 100 });
    }).toPass();
    // In Firefox's order.
    await script.evaluate((script) => void script.dispatchEvent(new Event("error")));
    await page.evaluate(() => void dispatchEvent(new PageTransitionEvent("pagehide")));
    await page.clock.runFor(5_000);
    expect(heard.ours).toEqual([]);
});

test("a click on the button while the widget is still loading opens it when it is there", async ({ page }) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/widget.min.js*", async (route) => { await held; await route.continue(); });
    await page.goto("/");
    await page.waitForFunction(() => document.querySelector("script[src*='widget.min.js']"));
    await page.getByRole("link", { name: "Chat with us" }).click();
    release();
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
});

test("where loading waits for a click, a stand-in costs no byte of the widget until then", async ({ page }) => {
    await page.route((url) => url.pathname === "/", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: (await answer.text()).replace('"loading":"idle"', '"loading":"first-click"') });
    });
    const asked: string[] = [];
    page.on("request", (request) => /\/widget\/|\/sandbox\//.test(request.url()) && asked.push(request.url()));
    await page.goto("/");
    const standIn = page.getByRole("button", { name: "Open chat" });
    await expect(standIn).toBeVisible();
    expect(asked).toEqual([]);
    await standIn.click();
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
    await expect(page.locator(".ticketping-placeholder")).toBeHidden();
});

test("without consent nothing is ever loaded", async ({ page }) => {
    await page.route((url) => url.pathname === "/", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: (await answer.text()).replace('"loading":"idle"', '"loading":"consent"') });
    });
    const asked: string[] = [];
    page.on("request", (request) => /\/widget\/|\/sandbox\//.test(request.url()) && asked.push(request.url()));
    await page.goto("/");
    await expect.poll(() => owner(page)).toBe("anonymous");
    await page.getByRole("link", { name: "Chat with us" }).click();
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => resolve(0))));
    expect(asked).toEqual([]);
});
