// The release binary, alone in an empty folder.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import base from "./playwright.config";

const port = Number(process.env.E2E_PORT ?? 3199) + 4;
const origin = `http://127.0.0.1:${port}`;
const binary = join(__dirname, "..", "target/release/ticketping-leptos");

export default defineConfig({
    ...base,
    testDir: "release",
    projects: [{ name: "release" }],
    use: { ...base.use, baseURL: origin },
    webServer: {
        command: `folder=$(mktemp -d) && cp ${binary} $folder && cd $folder && exec ./ticketping-leptos`,
        cwd: tmpdir(),
        url: `${origin}/readyz`,
        reuseExistingServer: false,
        env: { LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, TICKETPING_SANDBOX: "true", RATE_LIMIT_FACTOR: "1000", RUST_LOG: "warn" },
    },
});
