// What the measurements share: servers in a temporary folder, wrk, and charts.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

export const root = process.cwd();
/** Where servers keep their files; gone at the end, as they are. */
export const folder = mkdtempSync(join(tmpdir(), "bench-"));
/** Where their mails arrive. */
const mails = join(folder, "mails");
mkdirSync(mails);
const password = "correct horse battery";
const children = [];
process.on("exit", () => {
    children.forEach((child) => child.kill("SIGKILL"));
    rmSync(folder, { recursive: true, force: true });
});

export const today = new Date().toISOString().slice(0, 10);
export const machine = `${cpus().length} cores, ${cpus()[0].model}`;

/** Starts a server and gives it back with the milliseconds to its first answer. On core 0, unless `cores` says otherwise. */
export async function start(origin, command, { ready = "/readyz", environment = {}, cores = "0", cwd = folder } = {}) {
    const begin = performance.now();
    const child = spawn("taskset", ["-c", cores, ...command], {
        cwd,
        // wrk says for each log-in from which address it comes.
        env: { PATH: process.env.PATH, MAIL_URL: `file://${mails}`, TRUSTED_PROXIES: "127.0.0.1/32", ...environment },
        // Logged as it ships, at the default level, to a file.
        stdio: ["ignore", "ignore", openSync(join(folder, `${children.length}.log`), "w")],
    });
    children.push(child);
    while (!(await fetch(origin + ready).catch(() => undefined))?.ok) {
        if (performance.now() - begin > 20_000) throw new Error(`${command[0]} does not answer`);
        await new Promise((next) => setTimeout(next, 1));
    }
    const stop = () => new Promise((ended) => { child.once("exit", ended); child.kill("SIGTERM"); });
    return { origin, pid: child.pid, startedIn: performance.now() - begin, stop };
}

/** Resident memory in MiB. */
export const resident = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** Seconds of processor time so far. */
const busy = ({ pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** Asks without pause for some seconds, from core 1. Throws at any answer but a good one. */
export function wrk(server, { path, cookie, encoding, script, environment = {}, seconds = 4, connections = 32 }) {
    const options = ["-c", "1", "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency"];
    if (cookie) options.push("-H", `Cookie: ${cookie}`);
    if (encoding) options.push("-H", `Accept-Encoding: ${encoding}`);
    if (script) options.push("-s", join(root, "bench", script));
    const before = busy(server);
    const out = execFileSync("taskset", [...options, server.origin + path], { encoding: "utf8", env: { ...process.env, ...environment } });
    const used = busy(server) - before;
    if (/Non-2xx|Socket errors/.test(out)) throw new Error(`${path}: ${out}`);
    const milliseconds = (name) => {
        const [, value, unit] = new RegExp(`${name}%\\s+([\\d.]+)(us|ms|s)`).exec(out);
        return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit];
    };
    const requests = Number(/(\d+) requests in/.exec(out)[1]);
    return {
        rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]),
        p50: milliseconds(50),
        p99: milliseconds(99),
        microseconds: (used / requests) * 1e6,
        requests,
    };
}

/** Who logs in again and again, by log-in.lua. */
export const LOGS_IN = "log-in@example.com";

/** Signs up, by the link in the mail, and gives the session's cookie. */
export async function signUp(server, email = "bench@example.com") {
    const post = async (form, fields) =>
        cookieOf(await fetch(`${server.origin}/api/auth/${form}`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" }));
    const seen = new Set(readdirSync(mails));
    await post("sign-up", { name: "Bench", email, password });
    for (;;) {
        const mail = readdirSync(mails).find((name) => !seen.has(name));
        const token = mail && /token=(\S+)/.exec(readFileSync(join(mails, mail), "utf8"))?.[1];
        if (token) return post("choose-password", { token, password });
        await new Promise((next) => setTimeout(next, 5));
    }
}

/** The id of the nth made-up session, as its cookie has it. */
export const sessionId = (n) => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(n, 0);
    bytes.writeUInt32LE((n * 2654435761) >>> 0, 8);
    return bytes.toString("base64url");
};

/** What the table calls that session. */
export const sessionHash = (n) => createHash("sha256").update(Buffer.from(sessionId(n), "base64url").reverse()).digest("hex");

/** What names the password of every made-up user. */
export const PASSWORD_ID = "0123456789abcdef";
/** What the session of a made-up user holds. */
export const sessionData = (id) => JSON.stringify({ "axum-login.data": { user_id: id, auth_hash: [...Buffer.from(PASSWORD_ID)] } });

/** Options for `wrk`: each request by another of so many made-up sessions; with `step` 2, by every other one. */
export function asEach(count, { step = 1, cookie = (n) => `session=${sessionId(n)}` } = {}) {
    const file = join(folder, `${children.length}-${count}-${step}.cookies`);
    writeFileSync(file, Array.from({ length: Math.min(count, 200_000) }, () => cookie(Math.floor(Math.random() * count / step) * step)).join("\n"));
    return { script: "cookies.lua", environment: { COOKIES: file } };
}

export const cookieOf = (answer) => answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).find((cookie) => /^(session|connect\.sid|id)=/.test(cookie));

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
export const whole = (number) => Math.round(number).toLocaleString("en");

/** An SVG of requests a second, in the colours of either theme; `rows` are `{ name, rate, ours }`. */
export function chart(title, rows) {
    const most = Math.max(...rows.map(({ rate }) => rate));
    const bars = rows.map(({ name, rate, ours }, row) => {
        const width = Math.max(2, (rate / most) * 400);
        return `<text x="210" y="${row * 30 + 39}" text-anchor="end">${name}</text>` +
            `<rect x="220" y="${row * 30 + 25}" width="${width.toFixed(1)}" height="20" rx="3" class="${ours ? "ours" : "other"}"/>` +
            `<text x="${(228 + width).toFixed(1)}" y="${row * 30 + 39}">${whole(rate)}</text>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 ${bars.length * 30 + 60}" role="img" aria-label="${title}">
<style>text{font:13px system-ui,sans-serif;fill:#24292f}.ours{fill:#4f46e5}.other{fill:#9aa4b2}@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#818cf8}.other{fill:#57606a}}</style>
<text x="220" y="14">${title}</text>
${bars.join("\n")}
<text x="220" y="${bars.length * 30 + 46}">${machine}, ${today}</text>
</svg>
`;
}
