// How the server does with a million users and sessions in SQLite, next to ten: the same requests, each by another user, so
// that of the million hardly one is in memory. Beside it, in the same run: Express as fast as it gets, with as many users, and
// signing alone. Prints a table and writes docs/growth.json.
import { createHmac } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { LOGS_IN, PASSWORD_ID, asEach, chart, folder, machine, resident, root, sessionData, sessionHash, sessionId, signUp, start, today, whole, wrk } from "./shared.mjs";

const Database = createRequire(join(root, "bench/express/"))("better-sqlite3");
const address = "127.0.0.1:3296";
const secret = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
const token = "/api/ticketping/chat-jwt";
const serve = (file) => start(`http://${address}`, [join(root, "target/release/ticketping-leptos")], {
    environment: {
        LEPTOS_SITE_ADDR: address,
        DATABASE_URL: `sqlite://${file}`,
        TICKETPING_APP_ID: "bench",
        TICKETPING_TEAM_SLUG: "bench",
        TICKETPING_JWT_SECRET: secret,
        RATE_LIMIT_FACTOR: "1000000",
    },
});
/** Requests a second, and the milliseconds within which 99 of 100 are answered. */
function ask(server, target) {
    const { rate, p99 } = wrk(server, { ...target, seconds: 5 });
    return { rate: Math.round(rate), p99 };
}

/** The same users and sessions, where Express has them. */
async function express(count) {
    const file = join(folder, `express-${count}.db`);
    const origin = "http://127.0.0.1:3297";
    const environment = { NODE_ENV: "production", TICKETPING_JWT_SECRET: secret, TUNED: "1" };
    const serve = () => start(origin, ["node", join(root, "bench/express/server.js"), "3297", file], { ready: "/start", environment });
    await (await serve()).stop();
    const database = new Database(file);
    const user = database.prepare("INSERT INTO users VALUES (?, ?, NULL)");
    const session = database.prepare("INSERT INTO sessions VALUES (?, ?, ?)");
    const end = new Date(Date.now() + 1e9).toISOString();
    database.transaction(() => {
        for (let n = 0; n < count; n++) {
            user.run(`user-${n}`, `user-${n}@example.com`);
            session.run(sessionId(n), JSON.stringify({ cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: "/" }, user: `user-${n}` }), end);
        }
    })();
    database.close();
    const signed = (id) => `${id}.${createHmac("sha256", "of the cookie's signature").update(id).digest("base64").replace(/=+$/, "")}`;
    const cookie = (n) => `connect.sid=${encodeURIComponent(`s:${signed(sessionId(n))}`)}`;
    const server = await serve();
    const answer = await fetch(origin + token, { headers: { cookie: cookie(3) } });
    if (!(await answer.text()).includes("jwt")) throw new Error("Express does not know its session");
    const rates = ask(server, { path: token, ...asEach(count, { cookie }) });
    await server.stop();
    return rates;
}

const report = { date: today, machine, figures: [] };
const ceiling = await start("http://127.0.0.1:3298", [join(root, "target/release/examples/ceiling"), "127.0.0.1:3298"], { ready: token });
report.ceiling = ask(ceiling, { path: token });
await ceiling.stop();
console.log("signing alone", JSON.stringify(report.ceiling));
for (const count of [10, 1_000_000]) {
    const file = join(folder, `${count}.db`);
    // The server makes the schema, and a user whose password is known.
    const first = await serve(file);
    await signUp(first, LOGS_IN);
    await first.stop();
    const database = new Database(file);
    const hash = database.prepare("SELECT password_hash FROM users").pluck().get();
    const now = Math.floor(Date.now() / 1000);
    const user = database.prepare("INSERT INTO users (id, email, name, password_hash, password_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)");
    const session = database.prepare("INSERT INTO sessions VALUES (?, ?, 'Firefox on Linux', ?, ?, ?, ?)");
    database.transaction(() => {
        for (let n = 0; n < count; n++) {
            const id = `user-${n}`;
            user.run(id, `${id}@example.com`, null, hash, PASSWORD_ID, now, now);
            session.run(sessionHash(n), id, sessionData(id), now, now, now + 1_000_000);
        }
    })();
    database.close();
    const server = await serve(file);
    const byEach = asEach(count);
    const figure = { users: count, startMilliseconds: Math.round(server.startedIn), megabytes: Math.round(statSync(file).size / 1e6) };
    figure.token = ask(server, { path: token, ...byEach });
    figure.residentAfterTokens = Math.round(resident(server) * 10) / 10;
    figure.home = ask(server, { path: "/", ...byEach });
    figure.logIn = ask(server, { path: "/api/auth/log-in", script: "log-in.lua" });
    await server.stop();
    // One statement by primary key and a signature: no session, no log.
    const sqlx = await start("http://127.0.0.1:3298", [join(root, "target/release/examples/ceiling"), "127.0.0.1:3298", file], { ready: token });
    figure.sqlx = ask(sqlx, { path: "/sqlx", ...asEach(count, { cookie: (n) => `session=user-${n}` }) });
    await sqlx.stop();
    figure.express = await express(count);
    // With so many, each is used for the first time in an hour, which is noted.
    const idle = new Database(file);
    const used = idle.prepare("UPDATE sessions SET last_seen_at = ?");
    used.run(now - 3_600);
    const noting = await serve(file);
    figure.noted = ask(noting, { path: token, ...byEach });
    await noting.stop();
    figure.noted.rows = idle.prepare("SELECT count(*) FROM sessions WHERE last_seen_at >= ?").pluck().get(now);
    used.run(Math.floor(Date.now() / 1000));
    idle.close();
    // Then every other session has run out, and the server that starts finds that at once. Asked for are the others.
    const half = new Database(file);
    const end = half.prepare("UPDATE sessions SET expires_at = 1 WHERE id = ?");
    half.transaction(() => { for (let n = 1; n < count; n += 2) end.run(sessionHash(n)); })();
    const left = half.prepare("SELECT count(*) FROM sessions WHERE expires_at = 1").pluck();
    const ended = left.get();
    const sweeping = await serve(file);
    const before = left.get();
    figure.whileSweeping = ask(sweeping, { path: "/", ...asEach(count, { step: 2 }) });
    figure.whileSweeping = { ended, deletedMeanwhile: before - left.get(), ...figure.whileSweeping };
    half.close();
    await sweeping.stop();
    report.figures.push(figure);
    console.log(JSON.stringify(figure));
}
const kinds = [["token", "token"], ["noted", "token, first in an hour"], ["sqlx", "token, sqlx alone"], ["express", "token, Express tuned"], ["home", "/ signed in"], ["whileSweeping", "/ while sweeping"], ["logIn", "log-in"]];
// Of ten users only the first ten requests are noted.
const rows = kinds.flatMap(([kind, name]) => report.figures.filter(({ users }) => kind !== "noted" || users > 10).map((figure) => ({ name: `${name}, ${whole(figure.users)}`, rate: figure[kind].rate, ours: !["express", "sqlx"].includes(kind) && figure.users > 10 })));
writeFileSync("docs/growth.svg", chart("Requests a second on one core, with ten users and with a million", rows));
writeFileSync("docs/growth.json", `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(0);
