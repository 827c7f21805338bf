// The token, checked by another library; and a search for what must never be sent.
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { PASSWORD, person } from "./support";

const SECRET = "Zt1Xy5Rm2Np8Hs4Jd6Fg0Ack3Vb9qLw7";
const root = join(__dirname, "../..");
const binary = process.env.E2E_BINARY ?? join(root, "target/debug/ticketping-leptos");

const mails = mkdtempSync(join(tmpdir(), "ticketping-mails-"));

// A server with a secret that this test knows; the sandbox makes its own.
async function withServer(run: (origin: string) => Promise<void>) {
    const port = Number(process.env.E2E_PORT ?? 3199) + 1;
    const origin = `http://127.0.0.1:${port}`;
    const server = spawn(binary, [], {
        cwd: root,
        stdio: "ignore",
        env: {
            LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
            DATABASE_URL: `sqlite://${join(tmpdir(), `ticketping-token-${process.pid}.db`)}`,
            TICKETPING_APP_ID: "app-1",
            TICKETPING_TEAM_SLUG: "acme",
            TICKETPING_JWT_SECRET: SECRET,
            MAIL_URL: `file://${mails}`,
        },
    });
    try {
        await expect.poll(() => fetch(`${origin}/readyz`).then(({ status }) => status, () => 0)).toBe(200);
        await run(origin);
    } finally {
        server.kill();
    }
}

test("jose accepts the token: HS256, exactly four claims, five minutes; another secret is refused", async ({ request }) => {
    const { jwtVerify } = await import("jose");
    const alice = person("Alice Archer");
    await withServer(async (origin) => {
        await request.post(`${origin}/api/auth/sign-up`, { form: alice });
        await expect.poll(() => readdirSync(mails).length).toBe(1);
        const mail = () => readFileSync(join(mails, readdirSync(mails)[0]), "utf8");
        await expect.poll(() => /token=(\S+)/.test(mail())).toBe(true);
        const form = { token: /token=(\S+)/.exec(mail())![1], password: PASSWORD };
        await request.post(`${origin}/api/auth/choose-password`, { form });
        const { jwt } = await (await request.get(`${origin}/api/ticketping/chat-jwt`)).json();
        const key = (text: string) => new TextEncoder().encode(text);
        const { payload, protectedHeader } = await jwtVerify(jwt, key(SECRET), { algorithms: ["HS256"] });
        expect(protectedHeader.alg).toBe("HS256");
        expect(Object.keys(payload).sort()).toEqual(["display_name", "email", "exp", "external_id"]);
        expect(payload).toMatchObject({ email: alice.email, display_name: "Alice Archer", external_id: expect.any(String) });
        const left = payload.exp! - Date.now() / 1000;
        expect(left).toBeGreaterThan(290);
        expect(left).toBeLessThanOrEqual(300);
        await expect(jwtVerify(jwt, key(SECRET.toLowerCase()))).rejects.toThrow();
        for (const path of ["/", "/account", "/login", "/signup", "/nope"]) {
            const html = await (await request.get(origin + path, { headers: { accept: "text/html" } })).text();
            expect(html).not.toContain(SECRET);
            expect(html).not.toContain("eyJ");
        }
    });
});

test("what is sent to browsers holds no secret and no token", () => {
    const folder = join(root, "target/site/pkg");
    const files = readdirSync(folder).filter((name) => /\.(js|wasm|css)$/.test(name));
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const name of files) {
        const bytes = readFileSync(join(folder, name)).toString("latin1");
        expect(bytes.includes("eyJ"), name).toBe(false);
        expect(bytes.includes("JWT_SECRET"), name).toBe(false);
    }
});
