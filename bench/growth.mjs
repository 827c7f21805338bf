// How the server does with a million users and sessions in SQLite, next to ten: the same requests,
// each by another user. Prints a table and writes docs/growth.json.
import { statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PASSWORD_ID, asEach, chart, folder, machine, resident, root, sessionData, sessionHash, signUp, start, today, whole, wrk } from "./shared.mjs";

const Database = createRequire(join(root, "bench/express/"))("better-sqlite3");
const address = "127.0.0.1:3296";
const serve = (file) => start(`http://${address}`, [join(root, "target/release/ticketping-leptos")], {
    environment: { LEPTOS_SITE_ADDR: address, DATABASE_URL: `sqlite://${file}`, TICKETPING_SANDBOX: "true", RATE_LIMIT_FACTOR: "1000000" },
});
/** Requests a second, and the milliseconds within which 99 of 100 are answered. */
function ask(server, target) {
    const { rate, p99 } = wrk(server, { ...target, seconds: 5 });
    return { rate: Math.round(rate), p99 };
}

const report = { date: today, machine, figures: [] };
for (const count of [10, 1_000_000]) {
    const file = join(folder, `${count}.db`);
    // The server makes the schema, and a user whose password is known.
    const first = await serve(file);
    await signUp(first);
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
    figure.token = ask(server, { path: "/api/ticketping/chat-jwt", ...byEach });
    figure.residentAfterTokens = Math.round(resident(server) * 10) / 10;
    figure.home = ask(server, { path: "/", ...byEach });
    figure.logIn = ask(server, { path: "/api/auth/log-in", script: "log-in.lua" });
    await server.stop();
    // Then every other session has run out, and the server that starts finds that at once. Asked for are the others.
    const half = new Database(file);
    const end = half.prepare("UPDATE sessions SET expires_at = 1 WHERE id = ?");
    half.transaction(() => { for (let n = 1; n < count; n += 2) end.run(sessionHash(n)); })();
    const left = half.prepare("SELECT count(*) FROM sessions WHERE expires_at = 1").pluck();
    const ended = left.get();
    const sweeping = await serve(file);
    const before = left.get();
    figure.whileSweeping = ask(sweeping, { path: "/", ...asEach(count, 2) });
    figure.whileSweeping = { ended, deletedMeanwhile: before - left.get(), ...figure.whileSweeping };
    half.close();
    await sweeping.stop();
    report.figures.push(figure);
    console.log(JSON.stringify(figure));
}
const kinds = [["token", "token"], ["home", "/ signed in"], ["whileSweeping", "/ while sweeping"], ["logIn", "log-in"]];
const rows = kinds.flatMap(([kind, name]) => report.figures.map((figure) => ({ name: `${name}, ${whole(figure.users)}`, rate: figure[kind].rate, ours: figure.users > 10 })));
writeFileSync("docs/growth.svg", chart("Requests a second on one core, with ten users and with a million", rows));
writeFileSync("docs/growth.json", `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(0);
