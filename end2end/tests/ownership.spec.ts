// What the widget keeps in a browser belongs to one identity, and goes with it.
import { type Page, expect, test } from "@playwright/test";
import { chatCookie, closeChat, identity, journal, listen, logIn, logOut, openSockets, owner, person, ready, say, signUp, startConversation, stored } from "./support";

test("on a shared browser, Bob sees nothing of Alice and the API hears nothing of her again", async ({ page, context, request }) => {
    const [alice, bob] = [person("Alice"), person("Bob")];
    await signUp(page, alice);
    await startConversation(page);
    await say(page, "Alice's private words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    const aliceId = await identity(page);
    expect(await chatCookie(context)).toBe(`user:${aliceId}`);
    expect(JSON.stringify(await stored(page))).toContain("private words");
    await closeChat(page);
    await logOut(page);
    await ready(page);
    expect(JSON.stringify(await stored(page))).not.toContain("private words");
    expect(await chatCookie(context)).not.toContain(aliceId);
    const before = (await journal(request)).filter(({ visitor }) => visitor.includes(aliceId)).length;

    await signUp(page, bob);
    await startConversation(page);
    await expect(page.getByText(`You are Bob, ${bob.email}, verified`)).toBeVisible();
    expect(await chatCookie(context)).toBe(`user:${await identity(page)}`);
    expect(await page.locator(".ticketping-widget").innerText()).not.toContain("private words");
    const after = (await journal(request)).filter(({ visitor }) => visitor.includes(aliceId)).length;
    expect(after).toBe(before);
});

test("Alice finds her conversation again when she comes back", async ({ page }) => {
    const alice = person("Alice");
    await signUp(page, alice);
    await startConversation(page);
    await say(page, "See you later");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    await closeChat(page);
    await logOut(page);
    await logIn(page, alice);
    await page.waitForURL("**/account");
    await ready(page);
    await expect(page.locator("#recentConversationItem")).toContainText("Thank you, Alice");
});

test("the same owner's chat token is kept from page to page", async ({ page, context, request }) => {
    await signUp(page, person("Alice"));
    await ready(page);
    const id = await identity(page);
    const swaps = async () =>
        (await journal(request)).filter(({ call, visitor }) => call === "auth" && visitor === `user:${id}`).length;
    expect(await swaps()).toBe(1);
    await page.goto("/");
    await ready(page);
    expect(await swaps()).toBe(1);
    expect(await chatCookie(context)).toBe(`user:${id}`);
});

for (const script of ["loads", "is blocked"]) {
    test(`what an unknown owner left is removed when the widget's script ${script}`, async ({ page, context, baseURL }) => {
        await page.goto("/nope");
        await ready(page);
        if (script === "is blocked") await page.route("**/widget.min.js*", (route) => route.abort());
        await page.evaluate(() => {
            localStorage.removeItem("leptos-ticketping.owner");
            localStorage.setItem("ticketping_conversations", JSON.stringify([{ sessionId: "x", messages: [{ messageText: "left behind" }] }]));
            localStorage.setItem("ticketping_user", "{}");
        });
        await context.addCookies([{ name: "ticketping_chat_jwt", value: "a.e30.c", url: baseURL! }]);
        await page.goto("/");
        await expect.poll(() => owner(page)).toBe("anonymous");
        if (script === "loads") await ready(page);
        expect(JSON.stringify(await stored(page))).not.toContain("left behind");
        expect((await context.cookies()).map(({ value }) => value)).not.toContain("a.e30.c");
        expect(await page.evaluate(() => localStorage.getItem("ticketping_device_id"))).toBeTruthy();
    });
}

test("the server expires the chat cookie with the session, without any script", async ({ page, context }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    expect(await chatCookie(context)).toMatch(/^user:/);
    await page.request.post("/api/auth/log-out");
    expect(await chatCookie(context)).toBe("");
});

test("logging out in one tab ends the chat in the other within a second", async ({ page, context, request }) => {
    await signUp(page, person("Alice"));
    const other = await context.newPage();
    await other.goto("/account");
    await startConversation(other);
    const aliceId = await identity(other);
    const sockets = openSockets(other);
    await logOut(page);
    await expect(other).toHaveURL(/\/login/);
    const born = () => performance.timeOrigin;
    console.log(`from log-out to the other tab: ${Math.round((await other.evaluate(born)) - (await page.evaluate(born)))} ms`);
    await ready(other);
    expect(await identity(other)).toBe("");
    expect([...sockets].filter((url) => url.includes("jwt="))).toEqual([]);
    await expect(other.locator(".ticketping-chat-window")).not.toHaveClass(/open/);
    const received = (await journal(request)).filter(({ visitor }) => visitor === `user:${aliceId}`).length;
    await other.goto("/");
    await ready(other);
    expect((await journal(request)).filter(({ visitor }) => visitor === `user:${aliceId}`).length).toBe(received);
});

test("without BroadcastChannel the storage event does it", async ({ page, context }) => {
    await context.addInitScript(() => delete (window as any).BroadcastChannel);
    await signUp(page, person("Alice"));
    const other = await context.newPage();
    await other.goto("/account");
    await ready(other);
    await logOut(page);
    await expect(other).toHaveURL(/\/login/);
});

test("switching to Bob in one tab makes the other tab Bob's", async ({ page, context }) => {
    const [alice, bob] = [person("Alice"), person("Bob")];
    await signUp(page, bob);
    await logOut(page);
    await signUp(page, alice);
    const other = await context.newPage();
    await other.goto("/");
    await ready(other);
    const aliceId = await identity(other);
    await logOut(page);
    await logIn(page, bob);
    await page.waitForURL("**/account");
    await expect(other.getByRole("banner")).toContainText("Bob");
    await ready(other);
    expect(await identity(other)).not.toBe(aliceId);
    expect(await identity(other)).toBe(await identity(page));
});

test("going back after log-out shows neither the old page nor the old chat", async ({ page }) => {
    const alice = person("Alice");
    await signUp(page, alice);
    await ready(page);
    await logOut(page);
    await page.goBack();
    await expect(page).toHaveURL(/\/(login|account|signup)/);
    await expect(page.getByText(alice.email)).toHaveCount(0);
    await ready(page);
    expect(await identity(page)).toBe("");
});

test("the chat that was open, its conversation and its draft are there on the next page, and the focus stays", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    await page.locator("#messageInput").fill("half a sentence");
    await page.getByRole("link", { name: "Ticketping" }).first().click();
    await page.waitForURL((url) => url.pathname === "/");
    await expect(page.locator(".ticketping-chat-window")).toHaveClass(/open/);
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(page.locator("#messageInput")).toHaveValue("half a sentence");
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe("messageInput");
    await closeChat(page);
    await logOut(page);
    await ready(page);
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain("half a sentence");
    expect(heard.exceptions).toEqual([]);
});

test("an open chat shows its messages before its socket is open and before the list has come, and takes nothing until then", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    let answer = () => {};
    const allowed = new Promise<void>((resolve) => (answer = resolve));
    const asked = new Set<string>();
    const history = await heldSockets(page, allowed, () => asked.add("socket"));
    await page.route(/chat-sessions\/\?/, async (route) => {
        asked.add("list");
        await allowed;
        await route.continue();
    });
    await page.routeWebSocket(/customer-notifs/, () => {});
    await page.getByRole("link", { name: "Ticketping" }).first().click();
    await page.waitForURL((url) => url.pathname === "/");
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(page.locator("#loadingState")).toBeHidden();
    await expect(page.locator("#messageInput")).toBeHidden();
    await expect.poll(() => asked).toEqual(new Set(["list", "socket"]));
    // Nor is it lost by who goes on before that.
    await page.getByRole("link", { name: "Your account" }).click();
    await page.waitForURL("**/account");
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    answer();
    await history.received;
    await say(page, "Second words");
    await expect(page.getByText("I read: “Second words”")).toBeVisible();
    await expect(page.locator(".ticketping-message.user")).toHaveCount(2);
});

/** Holds the sockets of conversations back; `received` is fulfilled with the first history that comes through one. */
async function heldSockets(page: Page, allowed: Promise<void>, onSocket: () => void) {
    let arrived = () => {};
    const received = new Promise<void>((resolve) => (arrived = resolve));
    await page.routeWebSocket(/\/sandbox\/ws\/chat\//, async (socket) => {
        onSocket();
        await allowed;
        const server = socket.connectToServer();
        server.onMessage((message) => {
            socket.send(message);
            if (String(message).includes("message_history")) arrived();
        });
    });
    return { received };
}

test("who goes on before the chat has started finds it on the next page as it was", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    await page.locator("#messageInput").fill("half a sentence");
    let asked = () => {};
    const isStarting = new Promise<void>((resolve) => (asked = resolve));
    let requests = 0;
    // The first is never answered.
    await page.route(/team\/widget/, (route) => (requests++ === 0 ? asked() : route.continue()));
    await page.getByRole("link", { name: "Ticketping" }).first().click();
    await page.waitForURL((url) => url.pathname === "/");
    await isStarting;
    await page.getByRole("link", { name: "Your account" }).click();
    await page.waitForURL("**/account");
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(page.locator("#messageInput")).toHaveValue("half a sentence");
});

test("while the socket of an open chat is refused there is no box to write in, and then there is", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    let sockets = 0;
    let isHidden = () => {};
    const seen = new Promise<void>((resolve) => (isHidden = resolve));
    let arrived = () => {};
    const history = new Promise<void>((resolve) => (arrived = resolve));
    await page.routeWebSocket(/\/sandbox\/ws\/chat\//, async (socket) => {
        sockets += 1;
        if (sockets === 1) {
            // The widget stops waiting for it.
            socket.send(JSON.stringify({ type: "error", message: "busy" }));
            return socket.close({ code: 4000 });
        }
        await seen;
        const server = socket.connectToServer();
        server.onMessage((message) => {
            // As long as a network takes.
            setTimeout(() => socket.send(message), 300);
            if (String(message).includes("message_history")) setTimeout(arrived, 300);
        });
    });
    await page.getByRole("link", { name: "Ticketping" }).first().click();
    await page.waitForURL((url) => url.pathname === "/");
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect.poll(() => sockets).toBe(2);
    await expect(page.locator("#messageInput")).toBeHidden();
    isHidden();
    await expect(page.locator("#messageInput")).toBeVisible();
    // The widget takes the focus 50 ms after the conversation has come.
    await history;
    await page.evaluate(() => new Promise((later) => setTimeout(later, 100)));
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe("messageInput");
});

test("the socket of an open chat opens again once the network is back, also when the widget has given it up", async ({ page }) => {
    const sockets: (() => void)[] = [];
    await page.routeWebSocket(/\/sandbox\/ws\/chat\//, (socket) => {
        socket.connectToServer();
        // The widget opens none again after this code.
        sockets.push(() => socket.close({ code: 1000 }));
    });
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    const isConnected = () => page.evaluate(() => (window as any).TicketpingChat.instance.ws.isConnected);
    sockets.at(-1)!();
    await expect.poll(isConnected).toBe(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect.poll(isConnected).toBe(true);
    await say(page, "Second words");
    await expect(page.getByText("I read: “Second words”")).toBeVisible();
});

test("nothing of an open chat is left in the tab after log-out", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    await page.locator("#messageInput").fill("half a sentence");
    await page.getByRole("button", { name: "Log out" }).press("Enter");
    await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
    await ready(page);
    const left = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    expect(left).not.toContain("half a sentence");
    expect(left).not.toContain("First words");
});

test("the messages of an open chat are kept where a log-out in another tab removes them", async ({ page, context }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    const other = await context.newPage();
    await other.goto("/");
    await ready(other);
    // It is left as a browser leaves a tab that is closed: its storage stays, to be opened again.
    await page.goto("/healthz");
    expect(await page.evaluate(() => localStorage.getItem("ticketping_conversations"))).toContain("Thank you, Alice");
    await logOut(other);
    await ready(other);
    expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).not.toMatch(/First words|Thank you/);
});

test("a socket for notifications that was cut opens again once the network is back", async ({ page }) => {
    const sockets: (() => void)[] = [];
    await page.routeWebSocket(/customer-notifs/, (socket) => {
        socket.connectToServer();
        // The widget opens it again by itself after other codes.
        sockets.push(() => socket.close({ code: 1000 }));
    });
    await signUp(page, person("Alice"));
    await ready(page);
    await expect.poll(() => page.evaluate(() => (window as any).TicketpingChat.instance.notifiWs.isConnected)).toBe(true);
    const before = sockets.length;
    sockets.at(-1)!();
    await expect.poll(() => page.evaluate(() => (window as any).TicketpingChat.instance.notifiWs.isConnected)).toBe(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect.poll(() => page.evaluate(() => (window as any).TicketpingChat.instance.notifiWs.isConnected)).toBe(true);
    expect(sockets.length).toBe(before + 1);
});

test("where storage is blocked, tabs still tell each other, and then are silent", async ({ page, context }) => {
    await context.addInitScript(() => {
        Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } });
        (window as any).told = 0;
        const { postMessage } = BroadcastChannel.prototype;
        BroadcastChannel.prototype.postMessage = function (message) { (window as any).told += 1; postMessage.call(this, message); };
    });
    await signUp(page, person("Alice"));
    await ready(page);
    const other = await context.newPage();
    await other.goto("/account");
    await ready(other);
    await other.evaluate(() => window.dispatchEvent(new Event("online")));
    const told = () => other.evaluate(() => (window as any).told);
    expect(await told()).toBe(1);
    await logOut(page);
    await expect(other).toHaveURL(/\/login/);
    await ready(other);
    expect(await told()).toBe(1);
});

test("a widget whose storage another tab has just taken writes nothing into it and uses nothing of it", async ({ page, context, request, baseURL }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    const id = await identity(page);
    // What another tab does for Bob, in the moment before this one hears of it.
    await page.evaluate(() => {
        localStorage.setItem("leptos-ticketping.owner", `user:bob ${Date.now()}`);
        Object.keys(localStorage).filter((key) => /^ticketping_(?!device_id)/.test(key)).forEach((key) => localStorage.removeItem(key));
    });
    await context.addCookies([{ name: "ticketping_chat_jwt", value: "bobs.e30.token", url: baseURL! }]);
    const withBobs: string[] = [];
    page.on("request", (sent) => JSON.stringify(sent.headers()).includes("bobs.e30") && sent.url().includes("/api/v1/") && withBobs.push(sent.url()));
    await say(page, "Alice's last words");
    await expect.poll(async () => (await journal(request)).some(({ visitor, text }) => visitor === `user:${id}` && text === "Alice's last words")).toBe(true);
    await page.evaluate(() => (window as any).TicketpingChat.instance.refreshConversations());
    expect(await stored(page)).toEqual({});
    expect((await context.cookies()).find(({ name }) => name === "ticketping_chat_jwt")?.value).toBe("bobs.e30.token");
    expect(withBobs).toEqual([]);
});

test("the note of the owner is never missing between two owners", async ({ page }) => {
    await signUp(page, person("Alice"));
    await ready(page);
    await page.addInitScript(() => {
        // Every state that another tab could see, from the first script of the page on.
        const note = () => localStorage.getItem("leptos-ticketping.owner")?.replace(/ \d+$/, "");
        const seen = ((window as any).notes = new Set([note()]));
        for (const method of ["setItem", "removeItem"] as const) {
            const original = Storage.prototype[method] as (...given: string[]) => void;
            (Storage.prototype as any)[method] = function (...given: string[]) {
                original.apply(this, given);
                seen.add(note());
            };
        }
    });
    await logOut(page);
    await ready(page);
    const notes = await page.evaluate(() => [...(window as any).notes]);
    expect(notes).toEqual([expect.stringMatching(/^user:/), "anonymous"]);
});
