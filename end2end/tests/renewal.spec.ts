// A token never goes stale under an open chat, and renewing it is not noticed.
import { expect, test, type Page } from "@playwright/test";
import { PASSWORD, TOKEN_URL, anotherSecond, claims, config, identity, journal, linkInMailbox, listen, openSockets, person, ready, say, signUp, startConversation, stored } from "./support";

/** Counts requests for a token from now on. */
function tokenRequests(page: Page) {
    const requests: string[] = [];
    page.on("request", (request) => request.url().endsWith("/chat-jwt") && requests.push(request.url()));
    return requests;
}

/** Pretends that the page is hidden or seen, as a browser reports it. */
async function setVisible(page: Page, visible: boolean) {
    await page.evaluate((visible) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (visible ? "visible" : "hidden") });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, visible);
}

const minutes = (count: number) => count * 60_000;

test.beforeEach(async ({ page }) => {
    await page.clock.install();
});

test("it is renewed before it dies: no restart, no reload, no socket cut, no token in storage", async ({ page, request }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    const sockets = openSockets(page);
    const asked = tokenRequests(page);
    const id = await identity(page);
    const first = (await config(page)).userJWT;
    await anotherSecond(page, first);
    await page.evaluate(() => ((window as any).TicketpingChat.instance.theSame = true));
    const received = (await journal(request)).filter(({ visitor }) => visitor === `user:${id}`).length;
    await page.clock.fastForward(minutes(3.5));
    expect(asked).toHaveLength(0);
    await page.clock.fastForward(minutes(1));
    await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
    expect(asked).toHaveLength(1);
    expect(claims((await config(page)).userJWT).exp).toBeGreaterThanOrEqual(claims(first).exp);
    expect(await page.evaluate(() => (window as any).TicketpingChat.instance.theSame)).toBe(true);
    expect([...sockets]).toEqual([]);
    expect((await journal(request)).filter(({ visitor }) => visitor === `user:${id}`)).toHaveLength(received);
    expect(JSON.stringify(await stored(page))).not.toContain("eyJ");
    await say(page, "Still me");
    await expect(page.getByText("Thank you, Alice. I read: “Still me”")).toBeVisible();
});

test("a renewal opens the socket again that the widget has given up", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    const sockets = openSockets(page);
    await page.evaluate(() => (window as any).TicketpingChat.instance.ws.disconnect());
    await page.clock.fastForward(minutes(1));
    expect([...sockets]).toEqual([]);
    await page.clock.fastForward(minutes(3.5));
    await expect.poll(() => sockets.size).toBe(1);
    await say(page, "Are you still there?");
    await expect(page.getByText("I read: “Are you still there?”")).toBeVisible();
});

test("a hidden page waits, and renews at once when it is seen again, an hour later", async ({ page }) => {
    await signUp(page, person("Alice"));
    await ready(page);
    const first = (await config(page)).userJWT;
    await anotherSecond(page, first);
    const asked = tokenRequests(page);
    await setVisible(page, false);
    await page.clock.fastForward(minutes(60));
    expect(asked).toHaveLength(0);
    await setVisible(page, true);
    await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
    expect(asked).toHaveLength(1);
});

test("a renewal that fails and is made good within a second is not reported", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    await ready(page);
    const first = (await config(page)).userJWT;
    await anotherSecond(page, first);
    await page.route(TOKEN_URL, (route) => route.fulfill({ status: 500 }), { times: 1 });
    const failed = page.waitForResponse((response) => response.url().endsWith("/chat-jwt") && response.status() === 500);
    await page.clock.pauseAt(Date.now() + minutes(4.5));
    await failed;
    // The page has heard of it by the time that it answers to the same.
    await page.evaluate(() => fetch("/healthz"));
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
    await page.clock.runFor(5_000);
    expect(heard.ours).toEqual([]);
});

test("a 401 at renewal ends in an anonymous chat without a loop", async ({ page, request }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    const id = await identity(page);
    const sockets = openSockets(page);
    const asked = tokenRequests(page);
    await page.request.post("/api/auth/log-out");
    await page.clock.fastForward(minutes(4.5));
    await expect.poll(() => identity(page)).toBe("");
    await ready(page);
    await page.clock.fastForward(minutes(30));
    await setVisible(page, true);
    expect(asked).toHaveLength(1);
    expect([...sockets].filter((url) => url.includes("jwt="))).toEqual([]);
    expect(JSON.stringify(await stored(page))).not.toContain("Alice");
    await startConversation(page);
    await expect(page.getByText("I see an anonymous visitor")).toBeVisible();
    const last = (await journal(request)).filter(({ visitor }) => visitor === `user:${id}`).at(-1);
    expect(last?.call).toBe("chat");
});

test("failures back off and go on while the page is seen, until there is a token again; the chat stays as it is", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    await ready(page);
    const first = (await config(page)).userJWT;
    await anotherSecond(page, first);
    const asked = tokenRequests(page);
    await page.route(TOKEN_URL, (route) => route.fulfill({ status: 503, json: { error: "busy" } }));
    for (let waited = 0; waited < 20; waited++) {
        await page.clock.fastForward(minutes(waited === 0 ? 4.5 : 1));
        await page.evaluate(() => fetch("/healthz").then((answer) => answer.text()));
    }
    expect(asked.length).toBeGreaterThan(15);
    expect((await config(page)).userJWT).toBe(first);
    expect(heard.ours).toHaveLength(1);
    await page.unroute(TOKEN_URL);
    await page.clock.fastForward(minutes(1));
    await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
    expect(heard.exceptions).toEqual([]);
});

test("ten minutes offline are made up for when the network is back", async ({ page, context }) => {
    await signUp(page, person("Alice"));
    await ready(page);
    const first = (await config(page)).userJWT;
    await anotherSecond(page, first);
    await context.setOffline(true);
    await page.clock.fastForward(minutes(10));
    expect((await config(page)).userJWT).toBe(first);
    await context.setOffline(false);
    await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
});

test("a renewal that answers for another user ends the chat, and the page is made again for them", async ({ page, context, request }) => {
    const [alice, bob] = [person("Alice"), person("Bob")];
    await signUp(page, alice);
    await startConversation(page);
    const aliceId = await identity(page);
    // Bob logs in behind the page's back, where no script runs to tell the tabs.
    await context.request.post("/api/auth/sign-up", { form: bob });
    const token = new URL(await linkInMailbox(request, bob)).searchParams.get("token")!;
    await context.request.post("/api/auth/choose-password", { form: { token, password: PASSWORD } });
    const heardOf = async () => (await journal(request)).filter(({ visitor }) => visitor === `user:${aliceId}`).length;
    const before = await heardOf();
    await page.clock.fastForward(minutes(4.5));
    await expect(page.getByRole("banner")).toContainText("Bob");
    await ready(page);
    expect(await identity(page)).not.toBe(aliceId);
    expect(await identity(page)).not.toBe("");
    expect(JSON.stringify(await stored(page))).not.toContain("Alice");
    expect(await heardOf()).toBe(before);
});

for (const year of [2001, 2040]) {
    test(`a clock that says ${year} changes nothing: the chat starts, and its token is renewed in time`, async ({ page }) => {
        await page.clock.setSystemTime(new Date(`${year}-01-01T00:00:00Z`));
        await signUp(page, person("Alice"));
        await ready(page);
        const first = (await config(page)).userJWT;
        expect(await identity(page)).not.toBe("");
        await anotherSecond(page, first);
        const asked = tokenRequests(page);
        await page.clock.fastForward(minutes(3.5));
        expect(asked).toHaveLength(0);
        await page.clock.fastForward(minutes(1));
        await expect.poll(async () => (await config(page)).userJWT).not.toBe(first);
        expect(asked).toHaveLength(1);
    });
}
