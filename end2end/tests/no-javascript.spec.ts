// Every form works without JavaScript.
import { expect, test } from "@playwright/test";
import { logIn, logOut, openSignUpLink, person, signUp } from "./support";

test.use({ javaScriptEnabled: false });

test("sign up, log out, wrong password, log in", async ({ page }) => {
    const alice = person("Alice Archer");
    await signUp(page, alice);
    await expect(page.getByRole("main")).toContainText(alice.email);
    await expect(page.getByRole("banner")).toContainText("Alice Archer");
    await logOut(page);
    await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
    await logIn(page, alice, "not the password");
    await expect(page).toHaveURL(/\/login$/);
    await expect(page.getByRole("alert")).toHaveText("Email or password is wrong. Check both and try again.");
    await expect(page.getByLabel("Email")).toHaveValue(alice.email);
    await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
    await logIn(page, alice);
    await expect(page).toHaveURL(/\/account$/);
});

test("sign-up errors stand beside their fields and what was typed is kept", async ({ page }) => {
    await page.goto("/signup");
    await page.getByLabel("Name").fill("Zoë");
    await page.getByLabel("Email").fill("nonsense");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page).toHaveURL(/\/signup$/);
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByLabel("Name")).toHaveValue("Zoë");
    const email = page.getByLabel("Email");
    await expect(email).toHaveAttribute("aria-invalid", "true");
    await expect(email).toHaveAccessibleDescription("We send you a link. You choose a password there. Enter an email address such as alice@example.com.");
    await expect(email).toBeFocused();
    await openSignUpLink(page, person("Zoe"));
    await page.getByLabel("New password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Save password and log in" }).click();
    await expect(page).toHaveURL(/\/choose-password\?token=/);
    await expect(page.getByLabel("New password", { exact: true })).toHaveAccessibleDescription("At least 8 characters, and hard to guess: a few words are good. Use at least 8 characters.");
});

test("the account asks for a log-in first and comes back", async ({ page }) => {
    const alice = person("Alice");
    await signUp(page, alice);
    await logOut(page);
    await page.goto("/account");
    await expect(page).toHaveURL(/\/login\?next=\/account$/);
    await page.getByLabel("Email").fill(alice.email);
    await page.getByLabel("Password", { exact: true }).fill("wrong password");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page).toHaveURL(/\/login\?next=/);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByLabel("Remember me").check();
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page).toHaveURL(/\/account$/);
});

test("what needs JavaScript is not there, and support is a plain link", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("link", { name: "Chat with us" })).toHaveAttribute("href", /^mailto:/);
    await expect(page.getByRole("button", { name: "Switch between light and dark" })).toBeHidden();
    await page.goto("/login");
    await expect(page.getByRole("button", { name: "Show password" })).toBeHidden();
});
