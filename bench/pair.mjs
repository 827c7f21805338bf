// What one copy of the release binary serves with its users and sessions in PostgreSQL, and what a pair of them does behind
// nginx. `scripts/postgres.sh node bench/pair.mjs`. Everything shares all cores. Writes docs/pair.json.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD_ID, asEach, folder, machine, root, sessionData, sessionHash, signUp, start, today, wrk } from "./shared.mjs";

const cores = "0-1";
const copy = (port) => start(`http://127.0.0.1:${port}`, [join(root, "target/release/ticketping-leptos")], {
    cores,
    environment: {
        LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
        DATABASE_URL: process.env.POSTGRES_URL,
        TICKETPING_APP_ID: "bench",
        TICKETPING_TEAM_SLUG: "bench",
        TICKETPING_JWT_SECRET: "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac",
        RATE_LIMIT_FACTOR: "1000000",
    },
});
async function nginx(port, upstreams) {
    const path = join(folder, `nginx-${port}`);
    writeFileSync(`${path}.conf`, `daemon off; master_process off; pid ${path}.pid; error_log ${path}.log;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path ${path}-a; proxy_temp_path ${path}-b; fastcgi_temp_path ${path}-c; uwsgi_temp_path ${path}-d; scgi_temp_path ${path}-e;
            upstream app { ${upstreams.map((upstream) => `server 127.0.0.1:${upstream} max_fails=0;`).join(" ")} keepalive 64; }
            server {
                listen 127.0.0.1:${port};
                keepalive_requests 10000000;
                location / {
                    proxy_pass http://app;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $http_host;
                }
            }
        }`);
    return start(`http://127.0.0.1:${port}`, ["/usr/sbin/nginx", "-c", `${path}.conf`], { cores });
}

const psql = (statements) => execFileSync("psql", ["--quiet", "--tuples-only", "--set", "ON_ERROR_STOP=1", process.env.POSTGRES_URL], { input: statements, encoding: "utf8" });

const one = await copy(3296);
await copy(3297);
const cookie = await signUp(one);
const servers = { "one": one, "one, through nginx": await nginx(3298, [3296]), "two, through nginx": await nginx(3299, [3296, 3297]) };

// As many users as are never in memory: each has a session, and so each request reads two rows.
const users = 100_000;
const hash = psql("SELECT password_hash FROM users").trim();
const now = Math.floor(Date.now() / 1000);
const copyOf = (table, row) => `COPY ${table} FROM STDIN;\n${Array.from({ length: users }, (_, n) => row(n).join("\t")).join("\n")}\n\\.\n`;
psql(
    copyOf("users (id, email, password_hash, password_id, created_at, updated_at)", (n) => [`user-${n}`, `${n}@example.com`, hash, PASSWORD_ID, now, now]) +
    copyOf("sessions (id, user_id, browser, data, created_at, last_seen_at, expires_at)", (n) => [sessionHash(n), `user-${n}`, "Firefox on Linux", sessionData(`user-${n}`), now, now, now + 1_000_000]) +
    "ANALYZE",
);

const token = "/api/ticketping/chat-jwt";
const targets = [
    { name: "token, always by one user", path: token, cookie },
    { name: "token, each by another user", path: token, ...asEach(users) },
    { name: "/ signed in", path: "/", cookie },
];
const asked = targets.flatMap((target) => Object.entries(servers).map(([by, server]) => ({ target, by, server, rounds: [] })));
for (let round = 0; round < 3; round++) for (const { target, server, rounds } of asked) rounds.push(wrk(server, { ...target, cores }));
const figures = asked.map(({ target, by, rounds }) => {
    const { rate, p99 } = rounds.toSorted((a, b) => a.rate - b.rate)[1];
    console.log(`${target.name.padEnd(28)} ${by.padEnd(20)} ${Math.round(rate)}/s, p99 ${p99} ms`);
    return { name: target.name, by, rate: Math.round(rate), p99 };
});
writeFileSync("docs/pair.json", `${JSON.stringify({ date: today, machine, figures }, undefined, 2)}\n`);
process.exit(0);
