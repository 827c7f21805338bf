// The figures the README quotes: every server pinned to one core, wrk to another, the targets in
// turn over several rounds, so that a drift of the machine hits all alike. Prints a table, writes
// docs/bench.json and docs/bench.svg, and fails when an answer is not the expected one.
//
// With --quick it asks our server alone, for a second each, and writes nothing: whether the benchmark still runs.
// `BEFORE=path/to/an/older/binary` puts that one's answers in the same run.
import { execFileSync } from "node:child_process";
import { cpSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LOGS_IN, chart, cookieOf, folder, machine, median, resident, root, signUp, start, today, whole, wrk } from "./shared.mjs";

const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 1 : Number(process.env.ROUNDS ?? 5);
const seconds = isQuick ? 1 : Number(process.env.SECONDS_EACH ?? 4);
const connections = 32;
/** The encodings that browsers read. */
const asBrowser = "gzip, deflate, br, zstd";

const secret = "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac";
cpSync(join(root, "target/release/ticketping-leptos"), join(folder, "ticketping-leptos"));
const settings = (port, database) => ({
    environment: {
        LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
        DATABASE_URL: `sqlite://${join(folder, database)}`,
        TICKETPING_APP_ID: "bench",
        TICKETPING_TEAM_SLUG: "bench",
        TICKETPING_JWT_SECRET: secret,
        RATE_LIMIT_FACTOR: "1000000",
    },
});
const token = "/api/ticketping/chat-jwt";
// Several starts: the kernel maps now more, now less of a file around the pages that are asked for.
const starts = [];
for (let count = 0; count < rounds; count++) {
    const fresh = await start("http://127.0.0.1:3299", ["./ticketping-leptos"], settings(3299, `new-${count}.db`));
    await fresh.stop();
    const again = await start("http://127.0.0.1:3299", ["./ticketping-leptos"], settings(3299, `new-${count}.db`));
    starts.push({ fresh: fresh.startedIn, again: again.startedIn, idle: resident(again) });
    await again.stop();
}
const ours = await start("http://127.0.0.1:3299", ["./ticketping-leptos"], settings(3299, "app.db"));
const before = process.env.BEFORE && (await start("http://127.0.0.1:3296", [resolve(root, process.env.BEFORE)], settings(3296, "before.db")));
const ceiling = !isQuick && await start("http://127.0.0.1:3298", [join(root, "target/release/examples/ceiling"), "127.0.0.1:3298"], { ready: token });
const sample = (port, environment) => start(`http://127.0.0.1:${port}`, ["node", join(root, "bench/express/server.js"), String(port), join(folder, `express-${port}.db`)], {
    ready: "/start",
    environment: { NODE_ENV: "production", TICKETPING_JWT_SECRET: secret, ...environment },
});
const express = !isQuick && await sample(3297, {});
const tuned = !isQuick && await sample(3295, { TUNED: "1" });

const session = await signUp(ours);
// A user has so many sessions at most: log-ins would end the one that is measured.
await signUp(ours, LOGS_IN);
const sessionBefore = before && (await signUp(before));
const sessionOf = async (server, path) => server && cookieOf(await fetch(server.origin + path));
const expressSession = await sessionOf(express, "/start");
const tunedSession = await sessionOf(tuned, "/start");
const librariesSession = await sessionOf(ceiling, "/libraries/start");
const librariesToken = "/libraries/chat-jwt";

/** One answer, looked at before it is asked for a million times. */
async function expectAnswer(server, path, cookie, wanted) {
    if (!server) return;
    const ask = () => fetch(server.origin + path, { headers: cookie ? { cookie } : {} });
    // Again: a connection that was idle between two rounds may have been closed.
    const answer = await ask().catch(ask);
    const body = await answer.text();
    if (answer.status !== 200 || !wanted(body, answer)) throw new Error(`${path} answers ${answer.status}: ${body.slice(0, 200)}`);
    return body;
}
const isToken = (body) => JSON.parse(Buffer.from(JSON.parse(body).jwt.split(".")[1], "base64url")).email === "bench@example.com";
await expectAnswer(ceiling, token, undefined, isToken);
await expectAnswer(ceiling, librariesToken, librariesSession, isToken);
await expectAnswer(ceiling, "/", undefined, (body) => body.includes("bench@example.com"));
await expectAnswer(ours, token, session, isToken);
await expectAnswer(express, token, expressSession, isToken);
await expectAnswer(tuned, token, tunedSession, isToken);
if (before) await expectAnswer(before, token, sessionBefore, isToken);
const page = await expectAnswer(ours, "/login", undefined, (body) => body.includes("Remember me"));
await expectAnswer(ours, "/", undefined, (body) => body.includes("Anonymous visitor"));
await expectAnswer(ours, "/", session, (body) => body.includes("bench@example.com"));
const style = /\/assets\/[^"]*\.css/.exec(page)[0];
await expectAnswer(ours, style, undefined, (_, answer) => answer.headers.get("content-type").startsWith("text/css"));
if (before) {
    await expectAnswer(before, "/login", undefined, (body) => body.includes("Remember me"));
    await expectAnswer(before, "/", undefined, (body) => body.includes("Anonymous visitor"));
    await expectAnswer(before, "/", sessionBefore, (body) => body.includes("bench@example.com"));
}

const targets = [
    { name: "signing alone (the ceiling)", server: ceiling, path: token },
    { name: "token, libraries alone", server: ceiling, path: librariesToken, cookie: librariesSession },
    { name: "token", server: ours, path: token, cookie: session },
    { name: "token, Express, tuned", server: tuned, path: token, cookie: tunedSession },
    { name: "token, Express sample", server: express, path: token, cookie: expressSession },
    { name: "/login", server: ours, path: "/login" },
    { name: "/ signed out", server: ours, path: "/" },
    { name: "/ signed in, rendering alone", server: ceiling, path: "/" },
    { name: "/ signed in", server: ours, path: "/", cookie: session },
    { name: "/login, gzip", server: ours, path: "/login", encoding: asBrowser },
    { name: "/ signed out, gzip", server: ours, path: "/", encoding: asBrowser },
    { name: "/ signed in, gzip", server: ours, path: "/", cookie: session, encoding: asBrowser },
    { name: "style sheet", server: ours, path: style, encoding: asBrowser },
    { name: "log-in (hashes a password)", server: ours, path: "/api/auth/log-in", script: "log-in.lua" },
];
if (before) targets.push(
    { name: "token, before", server: before, path: token, cookie: sessionBefore },
    { name: "/login, before", server: before, path: "/login" },
    { name: "/ signed out, before", server: before, path: "/" },
    { name: "/ signed in, before", server: before, path: "/", cookie: sessionBefore },
);
if (isQuick) {
    for (const target of targets.filter(({ server }) => server)) {
        const { rate } = wrk(target.server, { ...target, seconds, connections });
        console.log(`${target.name}: ${whole(rate)} requests/s`);
    }
    await expectAnswer(ours, token, session, isToken);
    process.exit(0);
}
for (const target of targets) target.rounds = [];
let afterTokens = 0;
let tokens = 0;
for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
        const result = wrk(target.server, { ...target, seconds, connections });
        target.rounds.push(result);
        if (target.name === "token") {
            tokens += result.requests;
            afterTokens = resident(ours);
        }
    }
}

// Who was signed in still is: nothing above was the answer to somebody else.
await expectAnswer(ours, token, session, isToken);
await expectAnswer(ours, "/", session, (body) => body.includes("bench@example.com"));

const figures = targets.map(({ name, server, rounds }) => ({
    name,
    rate: median(rounds.map(({ rate }) => rate)),
    lowest: Math.min(...rounds.map(({ rate }) => rate)),
    highest: Math.max(...rounds.map(({ rate }) => rate)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    microseconds: median(rounds.map(({ microseconds }) => microseconds)),
    resident: resident(server),
}));
console.log(`\n${"target".padEnd(28)}${"requests/s".padStart(11)}${"min–max".padStart(18)}${"p50 ms".padStart(9)}${"p99 ms".padStart(9)}${"CPU µs".padStart(9)}${"MiB".padStart(6)}`);
for (const { name, rate, lowest, highest, p50, p99, microseconds, resident } of figures)
    console.log(`${name.padEnd(28)}${whole(rate).padStart(11)}${`${whole(lowest)}–${whole(highest)}`.padStart(18)}${p50.toFixed(2).padStart(9)}${p99.toFixed(2).padStart(9)}${microseconds.toFixed(1).padStart(9)}${whole(resident).padStart(6)}`);

// Bytes of the log-in page as a browser is sent them: the page as gzip, the files as brotli.
const sent = {};
for (const [kind, path] of [["HTML", "/login"], ["CSS", style], ["JS", style.replace(/\.css$/, ".js")], ["WASM", style.replace(/\.css$/, ".wasm")]]) {
    const raw = execFileSync("curl", ["-s", "-H", `Accept-Encoding: ${asBrowser}`, ours.origin + path], { maxBuffer: 1 << 24 });
    sent[kind] = raw.length;
}
const bytes = Object.values(sent).reduce((sum, size) => sum + size, 0);
// What one first byte takes when nothing else happens, in milliseconds.
const firstByte = (path, cookie) => median(Array.from({ length: 50 }, () => Number(execFileSync("curl", ["-s", "-o", "/dev/null", "-w", "%{time_starttransfer} %{time_connect}", "-H", `Cookie: ${cookie ?? "x=y"}`, ours.origin + path], { encoding: "utf8" }).split(" ").reduce((whole, part) => whole - part)) * 1000));
const report = {
    date: today,
    machine,
    rounds, seconds, connections, figures,
    startNewDatabase: median(starts.map(({ fresh }) => fresh)),
    start: median(starts.map(({ again }) => again)),
    residentIdle: median(starts.map(({ idle }) => idle)),
    residentAfterTokens: afterTokens,
    tokens,
    firstByte: { "/login": firstByte("/login"), "/ signed out": firstByte("/"), "/ signed in": firstByte("/", session) },
    loginBytes: { ...sent, together: bytes },
    binary: statSync(join(folder, "ticketping-leptos")).size,
};
const rate = (name) => figures.find((figure) => figure.name === name).rate;
console.log(`
token: ${(rate("token") / rate("signing alone (the ceiling)") * 100).toFixed(0)} % of the ceiling, ${(rate("token") / rate("token, Express, tuned")).toFixed(1)} times Express, tuned
start to first answer: ${report.start.toFixed(0)} ms, with a new database ${report.startNewDatabase.toFixed(0)} ms
resident: idle ${report.residentIdle.toFixed(1)} MiB, after ${whole(tokens)} tokens ${afterTokens.toFixed(1)} MiB
first byte, unloaded: ${Object.entries(report.firstByte).map(([page, milliseconds]) => `${page} ${milliseconds.toFixed(2)} ms`).join(", ")}
/login as sent: ${Object.entries(sent).map(([kind, size]) => `${kind} ${whole(size)}`).join(", ")}, together ${whole(bytes)} bytes
binary: ${(report.binary / 1e6).toFixed(1)} MB; ${report.machine}, ${report.date}`);

const rows = figures.filter(({ name }) => !/log-in \(|before|gzip/.test(name)).map(({ name, rate }) => ({ name, rate, ours: !/ceiling|alone|Express/.test(name) }));
writeFileSync("docs/bench.svg", chart("Requests a second on one core", rows));
writeFileSync("docs/bench.json", `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(0);
