// Light and dark: from the first paint, remembered, and on the live widget at once.
import { expect, test } from "@playwright/test";
import { bubble, ready } from "./support";

const colour = (page: import("@playwright/test").Page) =>
    bubble(page).evaluate((element) => getComputedStyle(element).backgroundImage);

for (const colorScheme of ["light", "dark"] as const) {
    test.describe(colorScheme, () => {
        test.use({ colorScheme });
        test(`without a choice the page is ${colorScheme} before its first paint`, async ({ page }) => {
            // No script and no stylesheet but what stands in the document itself.
            await page.route(/\.(js|wasm)$/, (route) => route.abort());
            await page.goto("/");
            await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
        });
    });
}

test("the switch recolours page and live widget both ways, without a restart, and is remembered", async ({ page }) => {
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto("/");
    await ready(page);
    await page.evaluate(() => ((window as any).TicketpingChat.instance.theSame = true));
    const light = await colour(page);
    const button = page.getByRole("button", { name: "Switch between light and dark" });
    await button.click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect.poll(() => colour(page)).not.toBe(light);
    await button.click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
    await expect.poll(() => colour(page)).toBe(light);
    expect(await page.evaluate(() => (window as any).TicketpingChat.instance.theSame)).toBe(true);
    await button.click();
    const html = await (await page.request.get("/login")).text();
    expect(html).toContain('data-theme="dark"');
});
