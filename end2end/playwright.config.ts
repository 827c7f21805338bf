import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";

const port = process.env.E2E_PORT ?? "3199";
const origin = `http://127.0.0.1:${port}`;
// Passkeys belong to host names: this server has one.
const named = `http://localhost:${Number(port) + 3}`;
const example = `http://127.0.0.1:${Number(port) + 2}`;
const root = join(__dirname, "..");
const debian = "/usr/bin/chromium";

const launchOptions = {
    // Playwright's own Chromium where it could be downloaded, else Debian's.
    executablePath: process.env.CHROMIUM ?? (existsSync(debian) ? debian : undefined),
    args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
    ],
};

function server(url: string, database?: string) {
    const { port } = new URL(url);
    return {
        command: process.env.E2E_BINARY ?? join(root, "target/debug/ticketping-leptos"),
        cwd: root,
        url: `${url}/readyz`,
        reuseExistingServer: false,
        env: {
            LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
            PUBLIC_URL: url,
            DATABASE_URL: database ?? `sqlite://${join(tmpdir(), `ticketping-e2e-${port}-${process.ppid}.db`)}`,
            TICKETPING_SANDBOX: "true",
            RATE_LIMIT_FACTOR: "1000",
            RUST_LOG: "warn",
        },
    };
}

export default defineConfig({
    testDir: "tests",
    outputDir: "results",
    fullyParallel: true,
    workers: 2,
    retries: 0,
    forbidOnly: !!process.env.CI,
    timeout: 60_000,
    expect: { timeout: 10_000 },
    reporter: [["list"]],
    projects: [
        { name: "app", testIgnore: ["example.spec.ts", "bfcache.spec.ts", "passkeys.spec.ts"], use: { baseURL: origin } },
        {
            name: "bfcache",
            testMatch: "bfcache.spec.ts",
            use: { baseURL: origin, launchOptions: { ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] } },
        },
        { name: "passkeys", testMatch: "passkeys.spec.ts", use: { baseURL: named } },
        // One after the other: its users are Alice and Bob in every test.
        { name: "example", testMatch: "example.spec.ts", fullyParallel: false, use: { baseURL: example } },
    ],
    use: { launchOptions },
    webServer: [server(origin, process.env.POSTGRES_URL), server(named), {
        command: `${join(root, "target/debug/full-hydration")} ${example.slice(7)} target/example`,
        cwd: root,
        url: example,
        reuseExistingServer: false,
    }],
});
