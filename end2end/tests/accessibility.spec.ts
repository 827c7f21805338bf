// axe on every page, in both themes, with the chat closed and open.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { PASSWORD, appCode, bubble, logIn, logOut, openSignUpLink, person, ready, signUp, startConversation } from "./support";

async function violations(page: Page) {
    // The widget's window has faults of its own (an h4 after our h1) that no page can mend.
    const { violations } = await new AxeBuilder({ page }).exclude(".ticketping-chat-window").analyze();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

for (const colorScheme of ["light", "dark"] as const) {
    test.describe(colorScheme, () => {
        test.use({ colorScheme });

        test("every page, signed out", async ({ page }) => {
            for (const path of ["/", "/login", "/login/passkey", "/signup", "/forgot", "/check-mail", "/nope"]) {
                await page.goto(path);
                await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
                await ready(page);
                expect(await violations(page), path).toEqual([]);
            }
            await page.goto("/signup");
            await page.getByRole("button", { name: "Create account" }).click();
            await expect(page.getByRole("alert")).toBeVisible();
            await ready(page);
            expect(await violations(page), "sign-up with errors").toEqual([]);
            await openSignUpLink(page, person("Alice"));
            expect(await violations(page), "choice of a password").toEqual([]);
            for (const path of ["/sandbox/mail", "/choose-password", "/confirm-email"]) {
                await page.goto(path);
                expect(await violations(page), path).toEqual([]);
            }
        });

        test("every page, signed in, and the open chat", async ({ page }) => {
            await signUp(page, person("Alice"));
            for (const path of ["/account", "/"]) {
                await page.goto(path);
                await ready(page);
                expect(await violations(page), path).toEqual([]);
            }
            await startConversation(page);
            expect(await violations(page), "open chat").toEqual([]);
            await expect(bubble(page)).toHaveAttribute("aria-expanded", "true");
        });

        test("every page of a second factor", async ({ page }) => {
            const alice = person("Alice");
            await signUp(page, alice);
            await page.getByRole("region", { name: "Second factor" }).getByLabel("Current password").fill(PASSWORD);
            await page.getByRole("button", { name: "Add an authenticator app" }).click();
            expect(await violations(page), "new app").toEqual([]);
            await page.getByLabel("Code", { exact: true }).fill(appCode(await page.locator(".secret").innerText()));
            await page.getByRole("button", { name: "Turn on" }).click();
            await expect(page.locator(".codes li")).toHaveCount(8);
            expect(await violations(page), "recovery codes").toEqual([]);
            await page.getByRole("button", { name: "I have saved them" }).click();
            await ready(page);
            expect(await violations(page), "account with a second factor").toEqual([]);
            await logOut(page);
            await logIn(page, alice);
            await expect(page).toHaveURL(/\/second-factor$/);
            await ready(page);
            expect(await violations(page), "second step").toEqual([]);
        });
    });
}

test("a typed password can be shown and hidden again", async ({ page }) => {
    await page.goto("/login");
    const password = page.getByLabel("Password", { exact: true });
    await password.fill("correct horse battery");
    await expect(password).toHaveAttribute("type", "password");
    await page.getByRole("button", { name: "Show password" }).click();
    await expect(password).toHaveAttribute("type", "text");
    await expect(password).toHaveValue("correct horse battery");
    await page.getByRole("button", { name: "Hide password" }).click();
    await expect(password).toHaveAttribute("type", "password");
    await expect(page.getByRole("button", { name: "Show password" })).toBeVisible();
});

test("a long email address widens no page of a phone", async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const alice = person("Alice");
    await signUp(page, { ...alice, email: `${"a".repeat(20)}.${alice.email}`, name: "" });
    for (const path of ["/account", "/"]) {
        await page.goto(path);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    }
});

test("the chat can be closed on a phone that is held sideways", async ({ page }) => {
    await page.setViewportSize({ width: 740, height: 360 });
    await page.goto("/");
    await ready(page);
    await bubble(page).click();
    await expect(page.locator(".ticketping-chat-window.open")).toBeVisible();
    await expect(page.locator(".active [aria-label='Close chat']")).toBeInViewport();
});
