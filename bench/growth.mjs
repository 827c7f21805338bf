// How the server does with a million users and sessions in SQLite, next to ten: the same requests,
// each by another user. Prints a table and writes docs/growth.json.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { chart, whole } from "./chart.mjs";

const Database = createRequire(join(process.cwd(), "bench/express/"))("better-sqlite3");
const binary = join(process.cwd(), "target/release/ticketping-leptos");
const folder = mkdtempSync(join(tmpdir(), "growth-"));
const children = [];
process.on("exit", () => {
    children.forEach((child) => child.kill("SIGKILL"));
    rmSync(folder, { recursive: true, force: true });
});
const port = 3296;
const origin = `http://127.0.0.1:${port}`;

async function start(file) {
    const begin = performance.now();
    const child = spawn("taskset", ["-c", "0", binary], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
        env: { PATH: process.env.PATH, LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, DATABASE_URL: `sqlite://${file}`, TICKETPING_SANDBOX: "true", RATE_LIMIT_FACTOR: "1000000", RUST_LOG: "warn" },
    });
    children.push(child);
    for (;;) {
        if ((await fetch(`${origin}/readyz`).catch(() => undefined))?.ok) break;
        await new Promise((next) => setTimeout(next, 1));
    }
    return { startedIn: performance.now() - begin, stop: () => new Promise((ended) => { child.once("exit", ended); child.kill("SIGTERM"); }) };
}

function wrk(path, script, environment = {}) {
    const out = execFileSync("taskset", ["-c", "1", "wrk", "-t1", "-c32", "-d5s", "--latency", "-s", `bench/${script}`, origin + path], { encoding: "utf8", env: { ...process.env, ...environment } });
    if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
    const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(out);
    return { rate: Math.round(Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1])), p99: Number(p99[1]) * { us: 0.001, ms: 1, s: 1000 }[p99[2]] };
}

const sessionId = (n) => { const bytes = Buffer.alloc(16); bytes.writeUInt32LE(n, 0); bytes.writeUInt32LE((n * 2654435761) >>> 0, 8); return bytes.toString("base64url"); };

const report = { date: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores, ${cpus()[0].model}`, figures: [] };
for (const count of [10, 1_000_000]) {
    const file = join(folder, `${count}.db`);
    // The server makes the schema, and a user whose password is known.
    const first = await start(file);
    await fetch(`${origin}/api/auth/sign-up`, { method: "POST", redirect: "manual", body: new URLSearchParams({ email: "bench@example.com", password: "correct horse battery" }) });
    await first.stop();
    const database = new Database(file);
    const hash = database.prepare("SELECT password_hash FROM users").pluck().get();
    const data = (id) => JSON.stringify({ "axum-login.data": { user_id: id, auth_hash: [...Buffer.from(hash.slice(-16))] } });
    const now = Math.floor(Date.now() / 1000);
    const user = database.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)");
    const session = database.prepare("INSERT INTO sessions VALUES (?, ?, ?)");
    const device = database.prepare("INSERT INTO devices VALUES (?, ?, ?, 'Firefox on Linux', ?)");
    database.transaction(() => {
        for (let n = 0; n < count; n++) {
            const id = `user-${n}`;
            user.run(id, `${id}@example.com`, `${id}@example.com`, null, hash, now, now);
            session.run(sessionId(n), data(id), now + 1_000_000);
            device.run(`device-${n}`, sessionId(n), id, now);
        }
    })();
    database.close();
    const cookies = join(folder, `${count}.cookies`);
    writeFileSync(cookies, Array.from({ length: Math.min(count, 200_000) }, () => sessionId(Math.floor(Math.random() * count))).join("\n"));
    const server = await start(file);
    const figure = { users: count, startMilliseconds: Math.round(server.startedIn), megabytes: Math.round(statSync(file).size / 1e6) };
    figure.token = wrk("/api/ticketping/chat-jwt", "cookies.lua", { COOKIES: cookies });
    figure.home = wrk("/", "cookies.lua", { COOKIES: cookies });
    figure.logIn = wrk("/api/auth/log-in", "log-in.lua");
    await server.stop();
    // Then half of all sessions have run out, and the server that starts finds that at once.
    const half = new Database(file);
    const ended = half.prepare("UPDATE sessions SET expires_at = 1 WHERE rowid % 2 = 0").run().changes;
    half.close();
    const sweeping = await start(file);
    figure.whileSweeping = { ended, ...wrk("/", "cookies.lua", { COOKIES: cookies }) };
    await sweeping.stop();
    report.figures.push(figure);
    console.log(JSON.stringify(figure));
}
const kinds = [["token", "token"], ["home", "/ signed in"], ["whileSweeping", "/ while sweeping"], ["logIn", "log-in"]];
const rows = kinds.flatMap(([kind, name]) => report.figures.map((figure) => ({ name: `${name}, ${whole(figure.users)}`, rate: figure[kind].rate, ours: figure.users > 10 })));
writeFileSync("docs/growth.svg", chart("Requests a second on one core, with ten users and with a million", rows, `${report.machine}, ${report.date}`));
writeFileSync("docs/growth.json", `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(0);
