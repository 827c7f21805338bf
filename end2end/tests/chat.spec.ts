// The main job: the real widget knows who you are.
import { expect, test } from "@playwright/test";
import { bubble, claims, closeChat, config, identity, journal, listen, logOut, person, ready, say, signUp, startConversation } from "./support";

test("an anonymous visitor sees the bubble, and the agent sees nobody", async ({ page }) => {
    const heard = listen(page);
    await page.goto("/");
    await expect(bubble(page)).toBeVisible();
    const given = await config(page);
    expect(given).toMatchObject({ appId: "sandbox-app", teamSlug: "sandbox", userJWT: "" });
    expect(Object.keys(given.theme)).toHaveLength(21);
    expect(given.apiBase).toMatch(/^http:.*\/sandbox$/);
    expect(given.wsBase).toMatch(/^ws:.*\/sandbox$/);
    expect(given.teamLogoIcon).toMatch(/mark\.svg$/);
    await startConversation(page);
    await expect(page.getByText("I see an anonymous visitor")).toBeVisible();
    expect(heard.errors).toEqual([]);
});

test("sign up, and the agent answers by name and email; messages go both ways; log out", async ({ page, request }) => {
    const heard = listen(page);
    const alice = person("Alice Archer");
    await signUp(page, alice);
    await startConversation(page);
    await expect(page.getByText(`You are Alice Archer, ${alice.email}, verified`)).toBeVisible();
    await say(page, "Can I change my plan?");
    await expect(page.locator(".ticketping-message.user")).toHaveText(/Can I change my plan\?/);
    await expect(page.getByText("Thank you, Alice Archer. I read: “Can I change my plan?”")).toBeVisible();
    const id = await identity(page);
    const received = (await journal(request)).filter(({ visitor }) => visitor === `user:${id}`);
    expect(received.map(({ call }) => call)).toEqual(expect.arrayContaining(["auth", "list", "create", "chat", "message"]));
    expect(received.find(({ call }) => call === "message")?.text).toBe("Can I change my plan?");
    await closeChat(page);
    await logOut(page);
    await ready(page);
    expect(await identity(page)).toBe("");
    expect(heard.errors).toEqual([]);
    expect(heard.exceptions).toEqual([]);
});

test("the token is asked for by signed-in pages only, and is in no page", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (request) => request.url().includes("chat-jwt") && asked.push(request.url()));
    await page.goto("/");
    await ready(page);
    expect(asked).toEqual([]);
    await signUp(page, person("Alice"));
    await ready(page);
    expect(asked).toHaveLength(1);
    const html = await (await page.request.get("/account", { headers: { accept: "text/html" } })).text();
    expect(html).not.toContain("eyJ");
});

test("the home page shows what the agent's side receives", async ({ page }) => {
    const alice = person("Alice Archer");
    await page.goto("/");
    const card = page.getByRole("region", { name: "How the support team sees you" });
    await expect(card).toContainText("Anonymous visitor");
    await signUp(page, alice);
    await page.goto("/");
    await ready(page);
    const { userJWT } = await config(page);
    const { external_id, email, display_name } = claims(userJWT);
    for (const claim of [external_id, email, display_name]) await expect(card).toContainText(claim);
    await expect(card).toContainText("verified by your server");
    await expect(card.locator(".token-life-seconds")).toHaveText(/^(30|29|28)\d s$/);
});

test("a picture and a file go to the agent and are shown, within the page's policy", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    await startConversation(page);
    const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    await page.locator(".ticketping-file-input").setInputFiles({ name: "my pixel.png", mimeType: "image/png", buffer: pixel });
    await expect(page.locator(".ticketping-image-container.loaded img")).toBeVisible();
    await expect(page.getByText("I read: “my_pixel.png”")).toBeVisible();
    // The open chat goes along to every page, and the picture with it.
    for (const path of ["/", "/login", "/signup", "/account"]) {
        await page.goto(path);
        await expect(page.locator(".ticketping-image-container.loaded img"), path).toBeVisible();
        await say(page, `On ${path}`);
        await expect(page.getByText(`I read: “On ${path}”`)).toBeVisible();
    }
    expect(heard.violations).toEqual([]);
    expect(heard.errors).toEqual([]);
});

test("an answer that comes while the chat is closed is unread", async ({ page }) => {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "Are you there?");
    await closeChat(page);
    await expect(page.locator(".notification-badge")).toBeVisible();
});

test("every page has one live widget and no violation of its policy", async ({ page }) => {
    const heard = listen(page);
    await signUp(page, person("Alice"));
    for (const path of ["/", "/account"]) {
        await page.goto(path);
        await ready(page);
        await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    }
    await logOut(page);
    for (const path of ["/", "/login", "/signup"]) {
        await page.goto(path);
        await ready(page);
        await expect(page.locator(".ticketping-widget")).toHaveCount(1);
    }
    expect(heard.violations).toEqual([]);
    expect(heard.exceptions).toEqual([]);
});

test("the box of a chat that was carried over is as tall as it was", async ({ page }) => {
    await page.goto("/");
    await startConversation(page);
    const height = () => page.locator("#messageInput").evaluate((box) => (box as HTMLElement).offsetHeight);
    const before = await height();
    for (const draft of ["", "half a sentence"]) {
        await page.locator("#messageInput").fill(draft);
        await page.goto("/login");
        await ready(page);
        await expect(page.locator(".ticketping-message.agent").first()).toBeVisible();
        await expect(page.locator("#messageInput")).toHaveValue(draft);
        await expect.poll(height, draft).toBe(before);
    }
});

test("the header says how many messages are unread, and stops when they are seen", async ({ page }) => {
    await signUp(page, person("Alice"));
    const unread = page.getByRole("banner").getByRole("status");
    await startConversation(page);
    await expect(unread).toBeHidden();
    await say(page, "Bye");
    await closeChat(page);
    await expect(unread).toHaveText("1 unread");
    await page.goto("/");
    await expect(unread).toHaveText("1 unread");
    await bubble(page).click();
    await expect(unread).toBeHidden();
});

test("a question of the home page is put into the box of a new conversation and is not sent", async ({ page, request }) => {
    await page.goto("/");
    await ready(page);
    await page.getByRole("link", { name: "How do I add this chat to my own app?" }).click();
    await expect(page.locator(".ticketping-message.agent").first()).toBeVisible();
    await expect(page.locator("#messageInput")).toHaveValue("How do I add this chat to my own app?");
    expect((await journal(request)).filter(({ text }) => text.startsWith("How do I add"))).toEqual([]);
});
