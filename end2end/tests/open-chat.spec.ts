// A chat that is open is opened again when a page is loaded, whatever becomes of the network, and no further than its owner.
import { type Page, expect, test } from "@playwright/test";
import { TOKEN_URL, bubble, claims, closeChat, listen, logOut, person, ready, say, signUp, startConversation } from "./support";

/** Alice has an account, and has said "First words" in a chat that is open. */
async function chatOfAlice(page: Page) {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "First words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
}

test("the chat that was open, its conversation and its draft are there on the next page, and the focus stays", async ({ page }) => {
    const heard = listen(page);
    await chatOfAlice(page);
    await page.locator("#messageInput").fill("half a sentence");
    await page.goto("/", { waitUntil: "commit" });
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
    await chatOfAlice(page);
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
    await page.goto("/", { waitUntil: "commit" });
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(page.locator("#loadingState")).toBeHidden();
    await expect(page.locator("#messageInput")).toBeHidden();
    await expect.poll(() => asked).toEqual(new Set(["list", "socket"]));
    // Nor is it lost by a visitor who goes on before that.
    await page.goto("/account", { waitUntil: "commit" });
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    answer();
    await history.received;
    await say(page, "Second words");
    await expect(page.getByText("I read: “Second words”")).toBeVisible();
    await expect(page.locator(".ticketping-message.user")).toHaveCount(2);
});

test("while the token is on its way the widget gets ready, shows nothing and asks for nothing of its user's", async ({ page, context }) => {
    await chatOfAlice(page);
    let answer = () => {};
    const allowed = new Promise<void>((resolve) => (answer = resolve));
    await page.route(TOKEN_URL, async (route) => {
        await allowed;
        await route.continue();
    });
    // Whatever is asked for from here on needs the user's token first.
    await context.clearCookies({ name: "ticketping_chat_jwt" });
    const calls: URL[] = [];
    page.on("request", (request) => request.url().includes("/sandbox/") && calls.push(new URL(request.url())));
    page.on("websocket", (socket) => calls.push(new URL(socket.url())));
    await page.goto("/", { waitUntil: "commit" });
    const isHeld = () => (window as any).TicketpingChat?.instance?.chatWindow && !document.querySelector(".ticketping-widget");
    await page.waitForFunction(isHeld);
    // Not for code of the page either.
    await page.evaluate(() => {
        const chat = (window as any).TicketpingChat;
        for (const ask of [() => chat.startConversation(), () => chat.identify({ userJWT: "a.b.c" }), () => chat.instance.loadConversation("1")]) void ask();
    });
    expect(calls.map(({ pathname }) => pathname)).toEqual(["/sandbox/api/v1/team/widget/sandbox/"]);
    answer();
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(bubble(page)).toHaveCount(1);
    await say(page, "Second words");
    await expect(page.getByText("I read: “Second words”")).toBeVisible();
    const presented = calls.filter(({ pathname }) => pathname.endsWith("/jwt/auth/")).map(({ searchParams }) => searchParams.get("jwt")!);
    expect(new Set(presented.map((jwt) => claims(jwt).display_name))).toEqual(new Set(["Alice"]));
});

test("a widget whose session turns out to have ended is gone before anything of it was seen", async ({ page }) => {
    await chatOfAlice(page);
    await page.route(TOKEN_URL, async (route) => {
        await page.waitForFunction(() => (window as any).TicketpingChat?.instance?.chatWindow);
        expect(await page.locator(".ticketping-widget").count()).toBe(0);
        await route.fulfill({ status: 401, json: {} });
    });
    await page.goto("/", { waitUntil: "commit" });
    await ready(page);
    await expect(page.locator(".ticketping-message")).toHaveCount(0);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain("First words");
});

test("the last messages of an open chat are seen at once and stay seen when their history comes", async ({ page }) => {
    await chatOfAlice(page);
    for (const words of ["Second", "Third", "Fourth", "Fifth"]) {
        await say(page, `${words} words`);
        await expect(page.getByText(`I read: “${words} words”`)).toBeVisible();
    }
    await page.locator("#messageInput").fill("a\ndraft\nof\nmany\nlines");
    await page.addInitScript(() => {
        const seen: string[] = ((window as any).seen = []);
        const look = () => {
            const list = document.querySelector("#messagesList");
            const last = [...(list?.querySelectorAll(".ticketping-message") ?? [])].at(-1);
            if (last) seen.push(`opacity ${getComputedStyle(last).opacity}, ${list!.scrollHeight - list!.scrollTop - list!.clientHeight > 150 ? "far from" : "at"} the end`);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    const looks = () => page.evaluate<string[]>("window.seen");
    let answer = () => {};
    const allowed = new Promise<void>((resolve) => (answer = resolve));
    const history = await heldSockets(page, allowed, () => {});
    await page.goto("/", { waitUntil: "commit" });
    await expect.poll(async () => (await looks()).length).toBeGreaterThan(2);
    answer();
    await history.received;
    const before = (await looks()).length;
    await expect.poll(async () => (await looks()).length).toBeGreaterThan(before + 10);
    // The box grows to its draft, and covers none of them.
    const end = () => page.locator("#messagesList").evaluate((list) => Math.round(list.scrollHeight - list.scrollTop - list.clientHeight));
    await expect.poll(() => page.locator("#messageInput").evaluate((box) => box.clientHeight)).toBeGreaterThan(60);
    await expect.poll(end).toBeLessThanOrEqual(1);
    // Those that come later fade in, as the widget has it.
    await expect.poll(() => page.locator(".ticketping-message").first().evaluate((message) => getComputedStyle(message).animationDuration)).toBe("0.3s");
    expect(new Set(await looks())).toEqual(new Set(["opacity 1, at the end"]));
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

test("a visitor who goes on before the chat has started finds it on the next page as it was", async ({ page }) => {
    await chatOfAlice(page);
    await page.locator("#messageInput").fill("half a sentence");
    let asked = () => {};
    const isStarting = new Promise<void>((resolve) => (asked = resolve));
    let requests = 0;
    // The first is never answered.
    await page.route(/team\/widget/, (route) => (requests++ === 0 ? asked() : route.continue()));
    await page.goto("/", { waitUntil: "commit" });
    await isStarting;
    await page.goto("/account", { waitUntil: "commit" });
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect(page.locator("#messageInput")).toHaveValue("half a sentence");
});

test("while the socket of an open chat is refused there is no box to write in, and then there is", async ({ page }) => {
    await chatOfAlice(page);
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
    await page.goto("/", { waitUntil: "commit" });
    await expect(page.locator(".ticketping-message.user")).toContainText("First words");
    await expect.poll(() => sockets).toBe(2);
    await expect(page.locator("#messageInput")).toBeHidden();
    const says = () => page.locator(".ticketping-message-input-container").evaluate((element) => {
        const { content, visibility } = getComputedStyle(element, "::before");
        return element.getClientRects().length > 0 && visibility === "visible" && content;
    });
    await expect.poll(says).toContain("Connecting");
    isHidden();
    await expect(page.locator("#messageInput")).toBeVisible();
    expect(await says()).not.toContain("Connecting");
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
    await chatOfAlice(page);
    const isConnected = () => page.evaluate(() => (window as any).TicketpingChat.instance.ws.isConnected);
    sockets.at(-1)!();
    await expect.poll(isConnected).toBe(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect.poll(isConnected).toBe(true);
    await say(page, "Second words");
    await expect(page.getByText("I read: “Second words”")).toBeVisible();
});

test("nothing of an open chat is left in the tab after log-out", async ({ page }) => {
    await chatOfAlice(page);
    await page.locator("#messageInput").fill("half a sentence");
    await page.getByRole("button", { name: "Log out" }).press("Enter");
    await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
    await ready(page);
    const left = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    expect(left).not.toContain("half a sentence");
    expect(left).not.toContain("First words");
});

test("the messages of an open chat are kept where a log-out in another tab removes them", async ({ page, context }) => {
    await chatOfAlice(page);
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
