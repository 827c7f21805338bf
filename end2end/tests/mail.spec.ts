// The ways that lead through a mail, as a person walks them: with JavaScript and without.
import { expect, test, type Page } from "@playwright/test";
import { PASSWORD, config, claims, logIn, logOut, person, ready, say, signUp, startConversation, type Person } from "./support";

/** Opens the mailbox and follows the button of the newest mail to this address. */
async function followMail(page: Page, { email }: Person, button: string) {
    await page.goto("/sandbox/mail");
    const mail = page.locator(".mail", { hasText: email }).first();
    // Tests share the mailbox: another one's mail may be newer.
    if ((await mail.getAttribute("open")) === null) await mail.locator("summary").click();
    await mail.getByRole("link", { name: button }).click();
}

for (const javaScriptEnabled of [true, false]) {
    test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
        test.use({ javaScriptEnabled });

        test("sign up, forget the password, change the address", async ({ page }) => {
            const alice = person("Alice Archer");
            await page.goto("/signup");
            await page.getByLabel("Name").fill(alice.name);
            await page.getByLabel("Email").fill(alice.email);
            await page.getByRole("button", { name: "Create account" }).click();
            await expect(page).toHaveURL(/\/check-mail$/);
            await expect(page.getByRole("main")).toContainText(alice.email);
            await page.getByRole("link", { name: "Open the mailbox" }).click();
            await followMail(page, alice, "Choose a password");
            await expect(page.getByRole("main")).toContainText(alice.email);
            await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
            await page.getByRole("button", { name: "Save password and log in" }).click();
            await expect(page).toHaveURL(/\/account$/);
            await expect(page.getByRole("banner")).toContainText("Alice Archer");

            // The link is used up.
            await followMail(page, alice, "Choose a password");
            await expect(page.getByRole("alert")).toContainText("It was already used");

            await logOut(page);
            await page.goto("/login");
            await page.getByRole("link", { name: "Forgot your password?" }).click();
            await page.getByLabel("Email").fill(alice.email);
            await page.getByRole("button", { name: "Send link" }).click();
            await expect(page).toHaveURL(/\/check-mail$/);
            await followMail(page, alice, "Choose a new password");
            await page.getByLabel("New password", { exact: true }).fill("another good password");
            await page.getByRole("button", { name: "Save password and log in" }).click();
            await expect(page).toHaveURL(/\/account$/);

            const renamed = person("Alice");
            await page.getByLabel("New email").fill(renamed.email);
            await page.locator("#email-current").fill("another good password");
            await page.getByRole("button", { name: "Change email" }).click();
            await expect(page).toHaveURL(/\/check-mail$/);
            await page.goto("/account");
            await expect(page.getByRole("main")).toContainText(alice.email);
            await followMail(page, renamed, "Confirm the address");
            await page.getByRole("button", { name: "Confirm" }).click();
            await expect(page).toHaveURL(/\/account$/);
            await expect(page.getByRole("status").first()).toContainText("Changed.");
            await expect(page.getByRole("main")).toContainText(renamed.email);
            await logOut(page);
            await logIn(page, renamed, "another good password");
            await expect(page).toHaveURL(/\/account$/);
        });
    });
}

test("an open chat goes on over a change of address, and the next token carries the new one", async ({ page, context }) => {
    const [alice, renamed] = [person("Alice"), person("Alice")];
    await signUp(page, alice);
    await startConversation(page);
    await say(page, "Before the change");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    const token = async () => claims((await (await page.request.get("/api/ticketping/chat-jwt")).json()).jwt);
    const before = claims((await config(page)).userJWT);
    await page.request.post("/api/auth/change-email", { form: { email: renamed.email, current: PASSWORD } });
    expect((await token()).email).toBe(alice.email);
    const other = await context.newPage();
    await followMail(other, renamed, "Confirm the address");
    await other.getByRole("button", { name: "Confirm" }).click();
    await other.waitForURL("**/account");
    await ready(other);
    expect(await token()).toMatchObject({ email: renamed.email, external_id: before.external_id });
    await expect(page.locator(".ticketping-message", { hasText: "Before the change" }).first()).toBeVisible();
});

test("the page of a link has no chat, and its address goes nowhere", async ({ page, request }) => {
    const alice = person("Alice");
    await request.post("/api/auth/sign-up", { form: alice });
    const referrers: string[] = [];
    page.on("request", (request) => referrers.push(request.headers().referer ?? ""));
    await followMail(page, alice, "Choose a password");
    await expect(page.locator("html")).toHaveAttribute("data-hydrated", "");
    expect(await page.evaluate(() => (window as any).TicketpingChat)).toBeUndefined();
    await page.getByRole("link", { name: "Log in" }).click();
    await ready(page);
    expect(referrers.filter((referrer) => referrer.includes("token="))).toEqual([]);
});
