// Passkeys, with Chromium's virtual authenticator.
import { expect, test, type Page } from "@playwright/test";
import { PASSWORD, brand, bubble, linksAreFollowed, logIn, logOut, person, ready, signUp } from "./support";

/** A device that makes passkeys and always recognises its owner. */
async function withAuthenticator(page: Page) {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
        options: {
            protocol: "ctap2",
            transport: "internal",
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
        },
    });
    return { session, authenticatorId };
}

const card = (page: Page) => page.getByRole("region", { name: "Second factor" });

async function addPasskey(page: Page) {
    await card(page).getByLabel("Current password").fill(PASSWORD);
    await card(page).getByRole("button", { name: "Add a passkey" }).click();
    await page.getByRole("button", { name: "I have saved them" }).click();
    await expect(card(page)).toContainText("Passkey, from Chrome on Linux");
}

test("a passkey logs in without a password, and takes the place of a code", async ({ page }) => {
    await withAuthenticator(page);
    const alice = person("Alice");
    await signUp(page, alice);
    // Also on a page that a link has shown, and shown again.
    await ready(page);
    await bubble(page).click();
    await linksAreFollowed(page);
    for (const _ of ["once", "twice"]) {
        await brand(page).click();
        await page.getByRole("link", { name: "Your account" }).click();
        await expect(card(page)).toBeVisible();
    }
    await addPasskey(page);

    await logOut(page);
    await page.goto("/login?next=/%3Ffrom=mail");
    await page.getByRole("link", { name: "Log in with a passkey" }).click();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.waitForURL("**/?from=mail");
    await expect(page.getByRole("banner")).toContainText("Log out");

    await logOut(page);
    await logIn(page, alice);
    await expect(page).toHaveURL(/\/second-factor$/);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.waitForURL("**/account");
});

test("the password alone, and another person's passkey, open nothing", async ({ page, browser, baseURL }) => {
    await withAuthenticator(page);
    const alice = person("Alice");
    await signUp(page, alice);
    await addPasskey(page);

    const context = await browser.newContext({ baseURL });
    const bobs = await context.newPage();
    await withAuthenticator(bobs);
    await signUp(bobs, person("Bob"));
    await addPasskey(bobs);
    await logOut(bobs);
    await logIn(bobs, alice);
    await expect(bobs).toHaveURL(/\/second-factor$/);
    await bobs.getByRole("button", { name: "Use a passkey" }).click();
    await expect(bobs.getByRole("alert").first()).toContainText("This passkey does not open this account");
    await bobs.goto("/account");
    await expect(bobs).toHaveURL(/\/login/);
    await context.close();
});

test("an answer is good once", async ({ page }) => {
    await withAuthenticator(page);
    await signUp(page, person("Alice"));
    await addPasskey(page);
    await logOut(page);
    await page.goto("/login/passkey");
    const sent = page.waitForRequest("**/api/auth/use-passkey");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    const form = (await sent).postData()!;
    await page.waitForURL("**/account");
    await logOut(page);
    const again = await page.request.post("/api/auth/use-passkey", {
        data: form,
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
    });
    expect(again.url()).toContain("/login/passkey");
    expect(await again.text()).toContain("That took too long");
});

test("without a passkey the form says so, and a device has one for each account", async ({ page }) => {
    await withAuthenticator(page);
    await page.goto("/login/passkey");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("No passkey was used");

    await signUp(page, person("Alice"));
    await addPasskey(page);
    await card(page).getByLabel("Current password").fill(PASSWORD);
    await card(page).getByRole("button", { name: "Add a passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("This device already has a passkey for your account.");

    await card(page).getByLabel("Current password").fill(PASSWORD);
    await card(page).getByRole("button", { name: /^Remove Passkey/ }).click();
    await expect(card(page)).toContainText("Off.");
});
