// What is deployed: one file that serves everything, compressed, kept by browsers, within its budget.
import { execFileSync } from "node:child_process";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { listen, logOut, person, ready, say, signUp, startConversation } from "../tests/support";

/** What `/login` may weigh on its way to a browser: HTML, CSS, JavaScript and WASM together, in bytes. */
const LOGIN_BUDGET = 90_000;

test("copied alone into an empty folder it serves every file, compressed and for ever, and the console stays clean", async ({ page }) => {
    const heard = listen(page);
    const files = new Map<string, { status: number; headers: Record<string, string> }>();
    page.on("response", (response) => {
        const { pathname } = new URL(response.url());
        if (pathname.startsWith("/assets/")) files.set(pathname, { status: response.status(), headers: response.headers() });
    });
    const alice = person("Alice");
    await signUp(page, alice);
    await startConversation(page);
    await say(page, "Hello from one file");
    await expect(page.getByText("Thank you, Alice")).toBeVisible();
    await page.locator(".ticketping-tab-content.active [aria-label='Close chat']").click();
    await logOut(page);
    await ready(page);
    for (const file of ["ticketping-leptos.js", "ticketping-leptos.wasm", "ticketping-leptos.css", "widget.min.js", "widget.css", "mark.svg"]) {
        const [path] = [...files.keys()].filter((path) => path.endsWith(`/${file}`));
        expect(path, file).toMatch(/^\/assets\/[0-9a-f]{16}\//);
        const { status, headers } = files.get(path)!;
        expect(status, file).toBe(200);
        expect(headers["cache-control"], file).toBe("public, max-age=31536000, immutable");
        expect(headers["content-encoding"], file).toMatch(/^(br|gzip)$/);
    }
    expect([...files.values()].every(({ status }) => status === 200)).toBe(true);
    expect(heard.errors).toEqual([]);
    expect(heard.violations).toEqual([]);
    expect(heard.exceptions).toEqual([]);
});

test("a file that a browser has is not sent again, and one that is not there is a 404", async ({ request }) => {
    const html = await (await request.get("/login")).text();
    const style = /\/assets\/[^"]*\.css/.exec(html)![0];
    const whole = await request.get(style);
    const { etag } = whole.headers();
    expect(etag).toBeTruthy();
    const again = await request.get(style, { headers: { "if-none-match": etag } });
    expect(again.status()).toBe(304);
    expect((await again.body()).length).toBe(0);
    expect(again.headers()["content-encoding"]).toBeUndefined();
    const head = await request.head(style);
    expect(head.status()).toBe(200);
    expect(head.headers()["content-type"]).toBe(whole.headers()["content-type"]);
    const missing = await request.get(style.replace(/main|ticketping-leptos/, "nothing"));
    expect(missing.status()).toBe(404);
    expect(missing.headers()["cache-control"] ?? "").not.toContain("immutable");
});

/** One answer as it is sent. */
function ask(url: string, accepted: string) {
    const raw = execFileSync("curl", ["-s", "-i", "--raw", "--http1.0", "-H", `Accept-Encoding: ${accepted}`, url], { maxBuffer: 1 << 24 });
    const end = raw.indexOf("\r\n\r\n");
    const head = raw.subarray(0, end).toString().toLowerCase();
    expect(head).toContain("200 ok");
    expect(head).toContain("vary: accept-encoding");
    return { encoding: /content-encoding: (\S+)/.exec(head)?.[1], etag: /etag: (\S+)/.exec(head)?.[1], body: raw.subarray(end + 4) };
}

test("a page comes as gzip to those who read gzip, and as it is to others", async ({ baseURL }) => {
    const packed = ask(`${baseURL}/login`, "gzip, deflate, br, zstd");
    expect(packed.encoding).toBe("gzip");
    expect(gunzipSync(packed.body).toString()).toContain("Remember me");
    const plain = ask(`${baseURL}/login`, "br");
    expect(plain.encoding).toBeUndefined();
    expect(plain.body.toString()).toContain("Remember me");
});

test("whatever encoding a program reads, it gets the same file, and is told which it got", async ({ baseURL, request }) => {
    const html = await (await request.get("/login")).text();
    const style = /\/assets\/[^"]*\.css/.exec(html)![0];
    const wasm = style.replace(/css$/, "wasm");
    for (const path of [style, wasm]) {
        const plain = ask(baseURL + path, "identity");
        expect(plain.encoding).toBeUndefined();
        for (const [accepted, encoding, unpack] of [
            ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
            ["br;q=0.5", "br", brotliDecompressSync],
            ["gzip", "gzip", gunzipSync],
            ["br;q=0, gzip", "gzip", gunzipSync],
        ] as const) {
            const packed = ask(baseURL + path, accepted);
            expect(packed.encoding, accepted).toBe(encoding);
            expect(packed.etag, accepted).toBe(plain.etag);
            expect(unpack(packed.body).equals(plain.body), accepted).toBe(true);
        }
    }
});

test("the log-in page keeps to its budget", async ({ baseURL, request }) => {
    const html = await (await request.get("/login")).text();
    const style = /\/assets\/[^"]*\.css/.exec(html)![0];
    const paths = ["/login", style, style.replace(/css$/, "js"), style.replace(/css$/, "wasm")];
    const sizes = paths.map((path) => execFileSync("curl", ["-s", "-H", "Accept-Encoding: gzip, deflate, br, zstd", baseURL + path], { maxBuffer: 1 << 24 }).length);
    const together = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`/login as sent: ${sizes.join(" + ")} = ${together} of ${LOGIN_BUDGET} bytes`);
    expect(together).toBeLessThanOrEqual(LOGIN_BUDGET);
});

test("nothing but the style sheet stands between the page and its first paint", async ({ page }) => {
    const blocking: string[] = [];
    await page.goto("/login");
    for (const entry of await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => ({ name: entry.name, status: (entry as any).renderBlockingStatus }))))
        if (entry.status === "blocking") blocking.push(new URL(entry.name).pathname.split(".").at(-1)!);
    expect(blocking).toEqual(["css"]);
});
