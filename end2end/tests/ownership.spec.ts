// What the widget keeps in a browser belongs to one identity, and goes with it.
import { expect, test } from "@playwright/test";
import { chatCookie, closeChat, identity, journal, logIn, logOut, openSockets, owner, person, ready, say, signUp, startConversation, stored } from "./support";

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

test("logging out in one tab ends the chat in the other", async ({ page, context, request }) => {
    await signUp(page, person("Alice"));
    const other = await context.newPage();
    await other.goto("/account");
    await startConversation(other);
    const aliceId = await identity(other);
    const sockets = openSockets(other);
    await logOut(page);
    await expect(other).toHaveURL(/\/login/);
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
