// Under https. The app itself speaks http: a proxy of this test's own stands before it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, createServer } from "node:tls";
import { expect, test } from "@playwright/test";
import { PASSWORD, logOut, person, signUp, startConversation } from "./support";

test.use({ ignoreHTTPSErrors: true });

let proxy: Server;
test.beforeAll(async ({ baseURL }) => {
    const folder = mkdtempSync(join(tmpdir(), "https-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
    const port = Number(new URL(baseURL!).port);
    proxy = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (browser) => {
        const app = connect(port, "127.0.0.1");
        browser.pipe(app).pipe(browser);
        for (const side of [browser, app]) side.on("error", () => [browser, app].forEach((each) => each.destroy()));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    rmSync(folder, { recursive: true });
});
test.afterAll(() => proxy.close());

test("a chat token that another host of the domain has planted is not used", async ({ page, context, browser, baseURL }) => {
    const mallory = await browser.newPage({ baseURL });
    await signUp(mallory, person("Mallory"));
    await startConversation(mallory);
    const planted = (await mallory.context().cookies()).find(({ name }) => name === "ticketping_chat_jwt")!.value;
    await mallory.close();

    const alice = person("Alice");
    await signUp(page, alice);
    const origin = `https://localhost:${(proxy.address() as AddressInfo).port}`;
    await page.goto(`${origin}/login`);
    await page.getByLabel("Email").fill(alice.email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL("**/account");
    // By its path no purge reaches it, and a browser names it before one of the whole site.
    await context.addCookies([{ name: "ticketping_chat_jwt", value: planted, domain: "localhost", path: "/account" }]);
    await page.reload();
    expect(await page.evaluate(() => document.cookie)).toContain(planted);
    await startConversation(page);
    await expect(page.getByText("You are Alice")).toBeVisible();
    const own = async () => (await context.cookies(origin)).find(({ name }) => name === "__Host-ticketping_chat_jwt");
    expect(await own()).toMatchObject({ secure: true, path: "/", sameSite: "Strict" });
    // What the widget does after a 401.
    await page.evaluate(() => (window as any).TicketpingChat.instance.api.clearChatToken());
    expect(await own()).toBe(undefined);
    await logOut(page);
    await expect.poll(own).toBe(undefined);
});
