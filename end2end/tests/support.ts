// What the tests share: people, the live widget, and what the API's side received.
import { createHmac } from "node:crypto";
import { expect, type APIRequestContext, type BrowserContext, type Page } from "@playwright/test";

export const PASSWORD = "correct horse battery";
export const TOKEN_URL = "**/api/ticketping/chat-jwt";

export type Person = { name: string; email: string };

let made = 0;
export function person(name: string): Person {
    made += 1;
    const unique = `${Date.now().toString(36)}${made}${Math.random().toString(36).slice(2, 6)}`;
    return { name, email: `${name.toLowerCase().replace(/\W+/g, ".")}.${unique}@example.com` };
}

/** The link in the newest mail to this address, out of the sandbox's mailbox. */
export async function linkInMailbox(request: APIRequestContext, { email }: Person, origin = ""): Promise<string> {
    const mailbox = await (await request.get(`${origin}/sandbox/mail`)).text();
    return new RegExp(`${email}[^]*?href="([^"]+token=[^"]+)"`).exec(mailbox)![1];
}

/** Alice's account, up to the page where its password is chosen. */
export async function openSignUpLink(page: Page, who: Person): Promise<void> {
    // Sent past the page: its forms and its mailbox have tests of their own.
    const answer = await page.request.post("/api/auth/sign-up", { form: who, headers: { accept: "text/html" } });
    expect(answer.url()).toContain("/check-mail");
    await page.goto(await linkInMailbox(page.request, who));
}

export async function signUp(page: Page, who: Person): Promise<void> {
    await openSignUpLink(page, who);
    await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Save password and log in" }).click();
    await page.waitForURL("**/account");
}

export async function logIn(page: Page, who: Person, password = PASSWORD): Promise<void> {
    await page.goto("/login");
    await page.getByLabel("Email").fill(who.email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
}

export async function logOut(page: Page): Promise<void> {
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForURL((url) => url.pathname === "/");
}

/** The link home, in the header. */
export const brand = (page: Page) => page.locator(".brand");
export const bubble = (page: Page) => page.locator(".ticketping-chat-bubble");
export const chatWindow = (page: Page) => page.locator(".ticketping-chat-window");

/** Waits until the one live widget is up. */
export async function ready(page: Page): Promise<void> {
    await page.waitForFunction(() => (window as any).TicketpingChat?.instance?.isInitialized === true);
}

/** Waits until what shows the next page in place is there: the first press has it loaded. */
export async function linksAreFollowed(page: Page): Promise<void> {
    const isLoaded = () => page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/navigation.js")));
    await expect.poll(isLoaded).toBe(true);
}

/** Opens the chat on a new conversation, as a visitor does. */
export async function startConversation(page: Page): Promise<void> {
    await ready(page);
    await bubble(page).click();
    await page.locator(".ticketping-start-conversation-btn").click();
    await expect(page.locator(".ticketping-message.agent").first()).toBeVisible();
}

export async function closeChat(page: Page): Promise<void> {
    await page.locator(".ticketping-tab-content.active [aria-label='Close chat']").click();
    await expect(chatWindow(page)).not.toHaveClass(/open/);
}

export async function say(page: Page, text: string): Promise<void> {
    await page.locator("#messageInput").fill(text);
    await page.keyboard.press("Enter");
}

/** The configuration of the live widget. */
export function config(page: Page): Promise<Record<string, any>> {
    return page.evaluate(() => ({ ...(window as any).TicketpingChat.instance.config }));
}

export function claims(jwt: string): Record<string, any> {
    return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString());
}

/** Who the widget says it is: an external id, or "" for nobody. */
export async function identity(page: Page): Promise<string> {
    const { userJWT } = await config(page);
    return userJWT === "" ? "" : claims(userJWT).external_id;
}

/** Waits until the server gives another token than this one: one of the same second is the same. */
export async function anotherSecond(page: Page, jwt: string): Promise<void> {
    await expect.poll(async () => (await (await page.request.get("/api/ticketping/chat-jwt")).json()).jwt).not.toBe(jwt);
}

/** Whose chat token the browser holds: `user:…`, `anonymous:…`, or "" without one. */
export async function chatCookie(context: BrowserContext): Promise<string> {
    const cookie = (await context.cookies()).find(({ name }) => name === "ticketping_chat_jwt");
    return cookie ? claims(cookie.value).visitor.key : "";
}

/** The owner of what the widget stored, by the note: `user:…`, `anonymous`, or null. */
export function owner(page: Page): Promise<string | null> {
    return page.evaluate(() => localStorage.getItem("leptos-ticketping.owner")?.replace(/ \d+$/, "") ?? null);
}

export type Entry = { call: string; visitor: string; ok: boolean; text: string };

/** What the API's side received since it was started. */
export async function journal(request: APIRequestContext): Promise<Entry[]> {
    return (await request.get("/sandbox/journal")).json();
}

/** Everything the widget left in this browser's storage, the device id aside. */
export function stored(page: Page): Promise<Record<string, string>> {
    return page.evaluate(() =>
        Object.fromEntries(
            Object.entries({ ...localStorage }).filter(([key]) => /^ticketping_(?!device_id)/.test(key)),
        ),
    );
}

/** Collects the pages on which a console line was ours, and everything that must never happen. */
export function listen(page: Page) {
    const heard = { ours: [] as string[], violations: [] as string[], exceptions: [] as string[], errors: [] as string[] };
    page.on("console", (line) => {
        const text = line.text();
        if (text.startsWith("Ticketping chat is not available")) heard.ours.push(new URL(page.url()).pathname);
        if (/Content.Security.Policy/i.test(text)) heard.violations.push(text);
        if (line.type() === "error") heard.errors.push(text);
    });
    page.on("pageerror", (error) => heard.exceptions.push(String(error)));
    return heard;
}

/** Measures what a page holds once all that is no longer needed is freed: listeners, nodes, and the heap in MB. */
export async function memory(page: Page) {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    return async () => {
        // What is waiting to be freed takes more than one round.
        for (let round = 0; round < 5; round++) await session.send("HeapProfiler.collectGarbage");
        const { metrics } = await session.send("Performance.getMetrics");
        const get = (wanted: string) => metrics.find(({ name }) => name === wanted)!.value;
        return { listeners: get("JSEventListeners"), nodes: get("Nodes"), heap: get("JSHeapUsedSize") / 1024 / 1024 };
    };
}

/** The sockets of a page that are open now: their addresses, each with a number. */
export function openSockets(page: Page) {
    const open = new Set<string>();
    let count = 0;
    page.on("websocket", (socket) => {
        const name = `${socket.url()}#${(count += 1)}`;
        open.add(name);
        socket.on("close", () => open.delete(name));
    });
    return open;
}

/** Alice, who chats in one tab and has a half-written message in another. */
export async function chatInTwoTabs(page: Page, context: BrowserContext) {
    await signUp(page, person("Alice"));
    await startConversation(page);
    await say(page, "Alice's words");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    const id = await identity(page);
    const other = await context.newPage();
    await other.goto("/account");
    await startConversation(other);
    await other.locator("#messageInput").fill("half a sentence");
    await other.evaluate(() => ((window as any).isTheSame = true));
    return { id, other };
}

/** Alice goes back to the page from before she logged in. */
export async function backToBeforeLogIn(page: Page, context: BrowserContext) {
    await page.goto("/");
    await ready(page);
    const chat = await chatInTwoTabs(page, context);
    await page.evaluate(() => history.go(-2));
    await page.waitForURL((url) => url.pathname === "/");
    return chat;
}

/** The chat is that user's in the page, and the other tab was left alone. */
export async function chatIsStillOf(id: string, page: Page, other: Page) {
    await expect(page.getByRole("banner")).toContainText("Alice");
    await ready(page);
    expect(await identity(page)).toBe(id);
    expect(await owner(page)).toBe(`user:${id}`);
    expect(JSON.stringify(await stored(page))).toContain("Alice's words");
    expect(await other.evaluate(() => (window as any).isTheSame)).toBe(true);
    await expect(other.locator("#messageInput")).toHaveValue("half a sentence");
}

/** What an authenticator app with this secret shows at this time, in milliseconds since 1970. */
export function appCode(secret: string, at = Date.now()): string {
    const digits = [...secret.replace(/\s/g, "")].map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit).toString(2).padStart(5, "0"));
    const key = Buffer.from(digits.join("").match(/.{8}/g)!.map((bits) => parseInt(bits, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
    const hash = createHmac("sha1", key).update(step).digest();
    const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
    return (number % 1_000_000).toString().padStart(6, "0");
}
