// The chat in an app with full hydration and client-side routing: no page load anywhere.
import { expect, test, type Page } from "@playwright/test";
import { bubble, chatCookie, identity, journal, listen, memory, openSockets, owner, ready, say, startConversation, stored } from "./support";

const be = (page: Page, who: string) => page.getByRole("button", { name: `Be ${who}` }).click();

const agent = (page: Page) => page.locator(".ticketping-message.agent");

async function open(page: Page, path = "/") {
    await page.goto(path);
    // The component marks its storage as the first thing it does: then the page is awake.
    await page.waitForFunction(() => localStorage.getItem("leptos-ticketping.owner"));
}

const isLive = (page: Page, who: string) =>
    expect.poll(() => page.evaluate(() => {
        const instance = (window as any).TicketpingChat?.instance;
        if (!instance?.isInitialized) return "none";
        const jwt = instance.config.userJWT;
        return jwt === "" ? "nobody" : JSON.parse(atob(jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).external_id;
    })).toBe(who);

test("one widget survives route changes", async ({ page }) => {
    await open(page);
    await isLive(page, "nobody");
    await be(page, "Alice");
    await isLive(page, "alice");
    await startConversation(page);
    await page.evaluate(() => ((window as any).TicketpingChat.instance.theSame = true));
    await page.getByRole("link", { name: "Other" }).click();
    await expect(page.getByRole("heading", { name: "Other" })).toBeVisible();
    await page.getByRole("link", { name: "Home" }).click();
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
    expect(await page.evaluate(() => (window as any).TicketpingChat.instance.theSame)).toBe(true);
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    await say(page, "Still here");
    await expect(agent(page).last()).toContainText("I read: “Still here”");
});

test("a chat that is mounted anew on a page that was made ahead hides nothing", async ({ page }) => {
    // What Chromium says of a page that it made long before it was shown.
    await page.addInitScript(() => {
        const { getEntriesByType } = performance;
        performance.getEntriesByType = (type) =>
            type === "navigation" ? ([{ type: "navigate", activationStart: 60_000, responseEnd: 1 }] as any) : getEntriesByType.call(performance, type);
    });
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
    await page.route("**/chat-jwt", () => {});
    const asked = page.waitForRequest("**/chat-jwt");
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await asked;
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
});

for (const [isStillThere, title] of [
    [false, "a page that the browser has kept is hidden when history brings it back, and is made again after log-out"],
    [true, "a page that the browser has kept is hidden when history brings it back, and shown to its user"],
] as const) {
    test(title, async ({ page, context, baseURL }) => {
        await context.addCookies([{ name: "user", value: "alice", url: baseURL! }]);
        await open(page);
        await isLive(page, "alice");
        if (!isStillThere) await context.clearCookies({ name: "user" });
        await page.goto("/other");
        await isLive(page, isStillThere ? "alice" : "nobody");
        // Not by a route of Playwright's: with one there is no cache.
        await page.addInitScript(() => {
            const { fetch } = window;
            window.fetch = async (asked, options) => {
                const { url } = new Request(asked);
                if (url.endsWith("/chat-jwt")) await new Promise((resolve) => ((window as any).mayAnswer = resolve));
                return fetch(asked, options);
            };
        });
        await page.goBack();
        await page.waitForFunction(() => (window as any).mayAnswer);
        const user = page.locator("#user");
        await expect(user).toHaveText("alice");
        await expect(user).toBeHidden();
        // The widget's open window says of itself that it is visible.
        await expect(page.locator("html")).toHaveCSS("opacity", "0");
        await page.evaluate(() => (window as any).mayAnswer());
        await expect(user).toHaveText(isStillThere ? "alice" : "nobody");
        await expect(user).toBeVisible();
    });
}

test("a switch of user without a page load ends with only the new user's chat", async ({ page, context, request }) => {
    const heard = listen(page);
    const sockets = openSockets(page);
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await startConversation(page);
    await say(page, "Alice's private words");
    await expect(agent(page)).toContainText(["You are alice", "Thank you, alice"]);
    const before = (await journal(request)).filter(({ visitor }) => visitor === "user:alice").length;
    await be(page, "Bob");
    await isLive(page, "bob");
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    await expect.poll(() => sockets.size).toBe(1);
    expect(await chatCookie(context)).toBe("user:bob");
    expect(JSON.stringify(await stored(page))).not.toContain("private words");
    await startConversation(page);
    await expect(agent(page)).toContainText(["You are bob, bob@example.com, verified"]);
    expect((await journal(request)).filter(({ visitor }) => visitor === "user:alice")).toHaveLength(before);
    expect(heard.exceptions).toEqual([]);
});

/** Holds the first call that matches until it is released and the page has gone on after its answer. */
async function hold(page: Page, url: string) {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let seen = () => {};
    const arrived = new Promise<void>((resolve) => (seen = resolve));
    let first = true;
    await page.route(url, async (route) => {
        if (!first) return route.continue();
        first = false;
        seen();
        await held;
        await route.continue();
    });
    const finish = async () => {
        const answered = page.waitForResponse(url);
        release();
        await (await answered).finished();
        await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
    };
    return { arrived, release: finish };
}

for (const [who, what, url] of [
    ["alice", "the team's settings", "**/team/widget/**"],
    ["alice", "the chat token", "**/jwt/auth/**"],
    ["alice", "the conversations", "**/chat-sessions/**"],
    ["nobody", "the team's settings", "**/team/widget/**"],
]) {
    test(`a switch while ${what} of ${who} are under way leaves nothing behind`, async ({ page, context }) => {
        const heard = listen(page);
        const sockets = openSockets(page);
        if (who === "alice") await context.addCookies([{ name: "user", value: who, url: test.info().project.use.baseURL! }]);
        const held = await hold(page, url);
        await open(page);
        await held.arrived;
        await be(page, "Bob");
        await isLive(page, "bob");
        await page.evaluate(() => ((document.querySelector(".ticketping-widget") as any).isBobs = true));
        await held.release();
        await expect(page.locator(".ticketping-widget")).toHaveCount(1);
        await expect(bubble(page)).toHaveCount(1);
        expect(await page.evaluate(() => (document.querySelector(".ticketping-widget") as any).isBobs)).toBe(true);
        expect([...sockets]).toHaveLength(1);
        expect(await chatCookie(context)).toBe("user:bob");
        expect(JSON.stringify(await stored(page))).not.toContain("alice");
        expect(heard.exceptions).toEqual([]);
        expect(heard.errors).toEqual([]);
    });
}

test("a user whose session ended and who logs in again has their chat again", async ({ page, context }) => {
    await page.clock.install();
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await context.clearCookies({ name: "user" });
    await page.clock.fastForward(4.5 * 60_000);
    await isLive(page, "nobody");
    await be(page, "Alice");
    await isLive(page, "alice");
});

test("a switch while a conversation is being opened opens no socket for it", async ({ page, context, request }) => {
    const sockets = openSockets(page);
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    const held = await hold(page, "**/chat-session/create/");
    await bubble(page).click();
    await page.locator(".ticketping-start-conversation-btn").click();
    await held.arrived;
    const before = (await journal(request)).filter(({ call, visitor }) => call === "chat" && visitor === "user:alice").length;
    await be(page, "Bob");
    await isLive(page, "bob");
    await held.release();
    expect([...sockets].filter((socket) => socket.includes("/ws/chat/"))).toEqual([]);
    const after = (await journal(request)).filter(({ call, visitor }) => call === "chat" && visitor === "user:alice").length;
    expect(after).toBe(before);
    expect(await chatCookie(context)).toBe("user:bob");
});

test("a switch while a conversation waits for its chat token opens no socket with it", async ({ page, context }) => {
    const opened: string[] = [];
    page.on("websocket", (socket) => opened.push(socket.url()));
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    // The token is gone between the two calls that need it, as when it expires just then.
    await page.route("**/chat-session/create/", async (route) => {
        const response = await route.fetch();
        await context.clearCookies({ name: "ticketping_chat_jwt" });
        await route.fulfill({ response });
    });
    const held = await hold(page, "**/jwt/auth/**");
    await bubble(page).click();
    await page.locator(".ticketping-start-conversation-btn").click();
    await held.arrived;
    await be(page, "Bob");
    await isLive(page, "bob");
    await held.release();
    expect(opened.filter((url) => url.includes("/ws/chat/"))).toEqual([]);
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
});

/** Chat sockets that stay connecting until they are closed. */
function chatSocketsThatNeverOpen() {
    const Real = WebSocket;
    (window as any).chatSockets = [];
    (window as any).WebSocket = new Proxy(Real, {
        construct(_, [url]) {
            if (!url.includes("/ws/chat/")) return new Real(url);
            const socket: any = new EventTarget();
            socket.readyState = Real.CONNECTING;
            socket.close = () => queueMicrotask(() => socket.onclose?.(new CloseEvent("close", { code: 1006 })));
            (window as any).chatSockets.push(url);
            return socket;
        },
    });
}

test("a switch while a socket is still connecting does not bring it back", async ({ page }) => {
    await page.clock.install();
    await page.addInitScript(chatSocketsThatNeverOpen);
    const sockets = () => page.evaluate(() => (window as any).chatSockets.length);
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await bubble(page).click();
    await page.locator(".ticketping-start-conversation-btn").click();
    await expect.poll(sockets).toBe(1);
    await be(page, "Bob");
    await isLive(page, "bob");
    await page.clock.fastForward(60_000);
    expect(await sockets()).toBe(1);
});

test("a widget that is taken down leaves no bubble, no socket and no colour behind", async ({ page }) => {
    const sockets = openSockets(page);
    await open(page);
    await isLive(page, "nobody");
    const colours = () => page.evaluate(() => [...document.documentElement.style].filter((name) => name.startsWith("--tp-")).length);
    expect(await colours()).toBe(3);
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
    await expect.poll(() => sockets.size).toBe(0);
    expect(await colours()).toBe(0);
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await isLive(page, "nobody");
    expect(await colours()).toBe(3);
});

test("the page opens and closes the chat, starts a conversation, and sees what it does", async ({ page }) => {
    await open(page);
    const chat = page.locator("#chat");
    await expect(chat).toHaveText(/^ready 0$/);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect(chat).toHaveText("ready open 0");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await expect(chat).toHaveText("ready 0");
    await page.getByRole("button", { name: "Start a conversation" }).click();
    await expect(page.locator(".ticketping-message.agent")).toContainText("I see an anonymous visitor");
});

test("every event that the widget reports arrives with its content", async ({ page }) => {
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    const events = page.locator("#events");
    await page.getByRole("button", { name: "Start a conversation" }).click();
    await expect(events).toHaveText(/opened, .*received “Hello. You are alice/);
    await say(page, "Hi");
    await expect(events).toHaveText(/sent, received “Thank you, alice/);
    // The answer to this one reaches a closed window: it is unread.
    await say(page, "Bye");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await expect(events).toHaveText(/sent, closed, .*unread 1/);
    await expect(page.locator("#chat")).toHaveText("ready 1");
    await bubble(page).click();
    await page.getByRole("button", { name: "Go back" }).click();
    await page.locator(".ticketping-conversation-item").first().click();
    await expect(events).toHaveText(/loaded/);
});

test("a question is put into the box of a new conversation and is not sent", async ({ page, request }) => {
    await open(page);
    await isLive(page, "nobody");
    const sent = async () => (await journal(request)).filter(({ text }) => text === "What about my invoice?").length;
    const before = await sent();
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await expect(agent(page)).toContainText("I see an anonymous visitor");
    await expect(page.locator("#messageInput")).toHaveValue("What about my invoice?");
    expect(await sent()).toBe(before);
    await page.locator("#messageInput").press("Enter");
    await expect(agent(page).last()).toContainText("I read: “What about my invoice?”");
});

test("a chat that is closed and opened again sends what is said then, and hears the answer", async ({ page }) => {
    const sockets = openSockets(page);
    await open(page);
    await isLive(page, "nobody");
    await page.getByRole("button", { name: "Start a conversation" }).click();
    await expect(agent(page)).toContainText("I see an anonymous visitor");
    await page.evaluate(() => (window as any).TicketpingChat.close());
    await expect.poll(() => [...sockets].filter((address) => address.includes("/ws/chat/"))).toEqual([]);
    const box = await page.evaluate(async () => {
        (window as any).TicketpingChat.open();
        await new Promise<void>((next) => queueMicrotask(next));
        return document.querySelector<HTMLElement>(".ticketping-message-input-container")!.style.visibility;
    });
    expect(box, "before the socket is open").toBe("hidden");
    await page.locator("#messageInput").fill("Are you still there?");
    await page.locator("#messageInput").press("Enter");
    await expect(agent(page).last()).toContainText("I read: “Are you still there?”");
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await expect(page.locator("#messageInput")).toHaveValue("What about my invoice?");
});

test("a question closes the socket of the conversation before", async ({ page }) => {
    const sockets = openSockets(page);
    await open(page);
    await isLive(page, "nobody");
    await page.getByRole("button", { name: "Start a conversation" }).click();
    await expect(agent(page)).toContainText("I see an anonymous visitor");
    const chats = () => [...sockets].filter((address) => address.includes("/ws/chat/"));
    const [before] = chats();
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await expect(page.locator("#messageInput")).toHaveValue("What about my invoice?");
    await expect.poll(() => chats().length).toBe(1);
    expect(chats()).not.toEqual([before]);
});

test("of two questions at once one is put, by one socket", async ({ page }) => {
    const sockets: string[] = [];
    page.on("websocket", (socket) => socket.url().includes("/ws/chat/") && sockets.push(socket.url()));
    await open(page);
    await isLive(page, "nobody");
    await page.getByRole("button", { name: "Ask about an invoice" }).dblclick();
    await expect(page.locator("#messageInput")).toHaveValue("What about my invoice?");
    await page.locator("#messageInput").press("Enter");
    await expect(agent(page).last()).toContainText("I read: “What about my invoice?”");
    expect(sockets).toHaveLength(1);
});

test("a question that one user was asked to wait for is not put into the next user's box", async ({ page }) => {
    await page.context().addCookies([{ name: "user", value: "alice", url: test.info().project.use.baseURL! }]);
    const held = await hold(page, "**/team/widget/**");
    await open(page);
    await held.arrived;
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await be(page, "Bob");
    await isLive(page, "bob");
    await held.release();
    await expect(page.locator(".ticketping-chat-window")).not.toHaveClass(/open/);
    await page.getByRole("button", { name: "Start a conversation" }).click();
    await expect(agent(page)).toContainText("You are bob");
    await expect(page.locator("#messageInput")).toHaveValue("");
});

test("a question whose conversation is still being opened is not put into the next user's box", async ({ page }) => {
    await page.clock.install();
    await page.addInitScript(chatSocketsThatNeverOpen);
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await expect.poll(() => page.evaluate(() => (window as any).chatSockets.length)).toBe(1);
    await be(page, "Bob");
    await isLive(page, "bob");
    // The widget gives up waiting after five seconds, whether it is still there or not.
    await page.clock.fastForward(6_000);
    await page.evaluate(() => new Promise((next) => setTimeout(next)));
    await expect(page.locator("#messageInput")).toHaveValue("");
});

test("a page that closes the chat as soon as it hears that it opened does not break it", async ({ page }) => {
    const heard = listen(page);
    await page.goto("/?closes=1");
    await isLive(page, "nobody");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect(page.locator("#events")).toHaveText(/opened, closed|closed, opened/);
    await expect(page.locator("#chat")).toHaveText("ready 0");
    await be(page, "Alice");
    await isLive(page, "alice");
    expect(heard.exceptions).toEqual([]);
});

test("what is asked for while there is no chat is not put into the next user's", async ({ page }) => {
    await open(page);
    await be(page, "Alice");
    await isLive(page, "alice");
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
    await page.getByRole("button", { name: "Ask about an invoice" }).click();
    await be(page, "Bob");
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await isLive(page, "bob");
    await ready(page);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
    await expect(page.locator("#messageInput")).toHaveValue("");
    await expect(page.locator("#events")).not.toContainText("loaded");
});

test("what one anonymous visitor left in a tab is not opened for the next, when a user was there between", async ({ page, context }) => {
    await open(page);
    await isLive(page, "nobody");
    await startConversation(page);
    await page.locator("#messageInput").fill("for nobody else");
    await page.goto("about:blank");
    const other = await context.newPage();
    await open(other);
    await be(other, "Bob");
    await isLive(other, "bob");
    await be(other, "nobody");
    await isLive(other, "nobody");
    await page.goto("/");
    await isLive(page, "nobody");
    expect(await page.evaluate(() => sessionStorage.getItem("leptos-ticketping.resume"))).toBeNull();
    await expect(page.locator(".ticketping-chat-window")).not.toHaveClass(/open/);
});

test("a script that comes late, after its stylesheet was tried again, leaves no chat behind", async ({ page }) => {
    const sockets = openSockets(page);
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    const asked: string[] = [];
    await page.route("**/widget.css*", (route) => (asked.push("style"), asked.length === 1 ? route.abort() : route.continue()));
    await page.route("**/widget.min.js*", async (route) => {
        asked.push("script");
        await held;
        await route.continue();
    });
    await open(page);
    await be(page, "Alice");
    await expect.poll(() => asked).toContain("script");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    release();
    await expect(page.locator("#chat")).toContainText("failed");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await isLive(page, "alice");
    expect(asked.filter((file) => file === "script"), "a second script").toHaveLength(1);
    expect(await bubble(page).evaluate((element) => getComputedStyle(element).position), "no style").not.toBe("static");
    await page.getByRole("button", { name: "Mount or unmount" }).click();
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
    await expect.poll(() => sockets.size).toBe(0);
});

test("a page that is always made for another user than the token stays, without a chat", async ({ page, context, baseURL }) => {
    await context.addCookies([{ name: "user", value: "alice", url: baseURL! }]);
    const claims = { external_id: "another-alice", exp: Date.now() / 1000 + 300 };
    const jwt = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
    await page.route("**/api/ticketping/chat-jwt", (route) => route.fulfill({ json: { jwt } }));
    let loads = 0;
    page.on("framenavigated", () => (loads += 1));
    await page.goto("/");
    await expect(page.locator("#chat")).toContainText("failed");
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
    expect(loads).toBe(6);
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
});

test("no timer is so long that a sleep goes unnoticed, however long the token is valid", async ({ page }) => {
    const heard = listen(page);
    await page.route("**/api/ticketping/chat-jwt", async (route) => {
        const { jwt } = await (await route.fetch()).json();
        const [head, payload, signature] = jwt.split(".");
        const claims = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), exp: Date.now() / 1000 + 90 * 86_400 };
        await route.fulfill({ json: { jwt: [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".") } });
    });
    // After a sleep a timer goes on where it stood; one of more than 24 days fires at once, again and again.
    await page.addInitScript(() => {
        const setTimer = window.setTimeout;
        (window as any).longest = 0;
        (window as any).setTimeout = (work: TimerHandler, delay = 0, ...rest: unknown[]) => {
            (window as any).longest = Math.max((window as any).longest, delay);
            return setTimer(work, delay, ...rest);
        };
    });
    await open(page);
    await be(page, "Alice");
    await expect.poll(() => page.evaluate(() => (window as any).longest)).toBeGreaterThan(20_000);
    expect(await page.evaluate(() => (window as any).longest)).toBeLessThanOrEqual(30_000);
    await be(page, "nobody");
    await isLive(page, "nobody");
    expect(heard.exceptions).toEqual([]);
});

test("two chats on a page are one widget and one warning", async ({ page }) => {
    const warnings: string[] = [];
    page.on("console", (line) => line.text().includes("two <TicketpingChat/>") && warnings.push(line.text()));
    await page.goto("/?twice=1");
    await isLive(page, "nobody");
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    expect(warnings).toHaveLength(1);
    await be(page, "Alice");
    await isLive(page, "alice");
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
});

test("for signed-in users only, nothing of the widget is loaded for anyone else", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => /\/widget\/|\/sandbox\//.test(request.url()) && asked.push(request.url()));
    await page.goto("/?visitors=signed-in");
    await expect.poll(() => owner(page)).toBe("anonymous");
    await page.evaluate(() => new Promise((idle) => requestIdleCallback(() => requestIdleCallback(idle))));
    expect(asked).toEqual([]);
    await be(page, "Alice");
    await isLive(page, "alice");
    await be(page, "nobody");
    await expect(page.locator(".ticketping-widget")).toHaveCount(0);
});

test("files that are not the published ones are refused by the browser", async ({ page }) => {
    await page.route("**/widget.min.js*", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `window.injected = true;${await response.text()}` });
    });
    const heard = listen(page);
    await page.goto("/");
    await expect(page.locator("#chat")).toHaveText("failed 0");
    expect(heard.ours).toHaveLength(1);
    expect(await page.evaluate(() => (window as any).injected)).toBeUndefined();
});

test("loading waits for the click", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => /\/widget\/|\/sandbox\//.test(request.url()) && asked.push(request.url()));
    await page.goto("/?loading=click");
    await expect(page.getByRole("button", { name: "Open chat" })).toBeVisible();
    expect(asked).toEqual([]);
    await page.getByRole("button", { name: "Open chat" }).click();
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
});

test("loading waits for consent, and for nothing else", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => /\/widget\/|\/sandbox\//.test(request.url()) && asked.push(request.url()));
    await page.goto("/?loading=consent");
    await expect.poll(() => owner(page)).toBe("anonymous");
    await be(page, "Alice");
    await expect(page.locator("#user")).toHaveText("alice");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    expect(asked).toEqual([]);
    await page.getByRole("button", { name: "Agree" }).click();
    await isLive(page, "alice");
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
});

test("a thousand log-ins and log-outs leave memory and listeners as they were", async ({ page }) => {
    test.setTimeout(240_000);
    const heard = listen(page);
    // The widget logs its sockets' events, and a browser that is being watched keeps what is logged.
    await page.addInitScript(() => ["log", "warn", "error"].forEach((level) => ((console as any)[level] = () => {})));
    await open(page);
    await isLive(page, "nobody");
    const cycle = (times: number) =>
        page.evaluate(async (times) => {
            const press = (name: string) => [...document.querySelectorAll("nav button")].find(({ textContent }) => textContent === name) as HTMLElement;
            const until = async (jwt: boolean) => {
                for (;;) {
                    const instance = (window as any).TicketpingChat?.instance;
                    if (instance && (instance.config.userJWT !== "") === jwt) return;
                    await new Promise((next) => setTimeout(next, 0));
                }
            };
            for (let i = 0; i < times; i++) {
                press("Be Alice").click();
                await until(true);
                press("Be nobody").click();
                await until(false);
            }
        }, times);
    const measure = await memory(page);
    await cycle(100);
    const before = await measure();
    await cycle(900);
    const after = await measure();
    expect(after.listeners).toBeLessThan(before.listeners + 50);
    expect(after.nodes).toBeLessThan(before.nodes + 500);
    expect(after.heap).toBeLessThan(before.heap + 4);
    await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    expect(heard.exceptions).toEqual([]);
});
