// An authenticator app as its user sets it up and uses it: with JavaScript and without.
import { expect, test } from "@playwright/test";
import { PASSWORD, appCode, claims, config, logIn, logOut, person, ready, signUp } from "./support";

for (const javaScriptEnabled of [true, false]) {
    test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
        test.use({ javaScriptEnabled });

        test("set up an app, log in with it, and with a recovery code", async ({ page }) => {
            const alice = person("Alice");
            await signUp(page, alice);
            const card = page.getByRole("region", { name: "Second factor" });
            await card.getByLabel("Current password").fill(PASSWORD);
            await card.getByRole("button", { name: "Add an authenticator app" }).click();
            await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
            const secret = await page.locator(".secret").innerText();
            await page.getByLabel("Code", { exact: true }).fill("000000");
            await page.getByRole("button", { name: "Turn on" }).click();
            await expect(page.getByText("This code is wrong.")).toBeVisible();
            await expect(page.locator(".secret")).toHaveText(secret);
            await page.getByLabel("Code", { exact: true }).fill(appCode(secret));
            await page.getByRole("button", { name: "Turn on" }).click();
            await expect(page.locator(".codes li")).toHaveCount(8);
            const codes = await page.locator(".codes li").allInnerTexts();
            await page.getByRole("button", { name: "I have saved them" }).click();
            await expect(card).toContainText("You have 8 recovery codes left.");

            await logOut(page);
            await logIn(page, alice);
            await expect(page).toHaveURL(/\/second-factor$/);
            await expect(page.getByRole("main")).toContainText(alice.email);
            await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
            // Its code of now is used up.
            await page.getByLabel("Code", { exact: true }).fill(appCode(secret, Date.now() + 30_000));
            await page.getByRole("button", { name: "Continue" }).click();
            await expect(page).toHaveURL(/\/account$/);

            await logOut(page);
            await logIn(page, alice);
            await page.getByLabel("Code", { exact: true }).fill(codes[3]);
            await page.getByRole("button", { name: "Continue" }).click();
            await expect(page).toHaveURL(/\/account$/);
            await expect(card).toContainText("You have 7 recovery codes left.");
        });
    });
}

test("between password and code the chat is a stranger's", async ({ page }) => {
    const alice = person("Alice");
    await signUp(page, alice);
    await ready(page);
    expect(claims((await config(page)).userJWT).email).toBe(alice.email);
    const card = page.getByRole("region", { name: "Second factor" });
    await card.getByLabel("Current password").fill(PASSWORD);
    await card.getByRole("button", { name: "Add an authenticator app" }).click();
    const secret = await page.locator(".secret").innerText();
    await page.getByLabel("Code", { exact: true }).fill(appCode(secret));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("button", { name: "I have saved them" }).click();
    await logOut(page);
    await logIn(page, alice);
    await expect(page).toHaveURL(/\/second-factor$/);
    await ready(page);
    expect((await config(page)).userJWT).toBe("");
});
