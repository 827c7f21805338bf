// What one copy of the release binary serves with its users and sessions in PostgreSQL, and what a pair of them does behind
// nginx. `scripts/postgres.sh node bench/pair.mjs`. Everything shares all cores. Writes docs/pair.json.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, machine, root, signUp, start, today, wrk } from "./shared.mjs";

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
        RUST_LOG: "warn",
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

const one = await copy(3296);
await copy(3297);
const cookie = await signUp(one);
const servers = { "one": one, "one, through nginx": await nginx(3298, [3296]), "two, through nginx": await nginx(3299, [3296, 3297]) };
const figures = [];
for (const path of ["/api/ticketping/chat-jwt", "/"]) {
    for (const [name, server] of Object.entries(servers)) {
        const rounds = Array.from({ length: 3 }, () => wrk(server, { path, cookie, cores })).toSorted((a, b) => a.rate - b.rate);
        const { rate, p99 } = rounds[1];
        figures.push({ path, name, rate: Math.round(rate), p99 });
        console.log(`${path.padEnd(26)} ${name.padEnd(20)} ${Math.round(rate)}/s, p99 ${p99} ms`);
    }
}
writeFileSync("docs/pair.json", `${JSON.stringify({ date: today, machine, figures }, undefined, 2)}\n`);
process.exit(0);
