// Where a request's instructions go, as callgrind counts them, and what the binary's bytes are for.
// `node bench/profile.mjs BINARY`, of a binary with symbols; `bench/profile.sh` builds it.
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { folder, signUp, start, whole, wrk } from "./shared.mjs";

const binary = resolve(process.argv[2]);
const run = (command, ...options) =>
    execFileSync(command, options, { encoding: "utf8", maxBuffer: 1 << 28, cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
const megabytes = (bytes) => (bytes / 1e6).toFixed(2).padStart(6);

// Which crates a part is; everything else is `other`. The libraries in C are told apart below.
const parts = {
    "Rust's standard library": "core std alloc hashbrown gimli rustc_demangle addr2line object memchr",
    "cryptography": "aws_lc_rs rustls webpki rustls_pki_types jsonwebtoken argon2 blake2 sha2 hmac password_hash digest md5 base64 stringprep",
    "Leptos": "tachys leptos leptos_router leptos_meta leptos_axum leptos_integration_utils leptos_config reactive_graph server_fn either_of any_spawner oco_ref hydration_context serde_qs",
    "HTTP": "axum axum_core axum_server axum_login hyper hyper_util h2 tower tower_http tower_sessions tower_sessions_core tower_cookies http http_body http_body_util httparse httpdate matchit tungstenite tokio_tungstenite multer memory_serve cookie mime url idna form_urlencoded percent_encoding encoding_rs async_compression compression_codecs",
    "sqlx": "sqlx sqlx_core sqlx_sqlite sqlx_postgres flume futures_intrusive atoi",
    "patterns (passwords, log filter)": "regex regex_automata regex_syntax aho_corasick fancy_regex bit_set zxcvbn",
    "compression": "brotli brotli_decompressor miniz_oxide flate2 crc32fast",
    "tokio and futures": "tokio tokio_util mio futures futures_util futures_core futures_channel slab parking_lot parking_lot_core bytes socket2",
    "this app": "ticketping_leptos",
};
const partOf = new Map(Object.entries(parts).flatMap(([part, crates]) => crates.split(" ").map((crate) => [crate, part])));

function sizes() {
    const functions = run("nm", "--print-size", "--numeric-sort", "--demangle", "--defined-only", binary)
        .matchAll(/^\S+ (\S+) [tTwW] (.*)$/gm);
    const sums = new Map();
    // The functions of a C library lie together, and some of them say whose they are.
    let library = "cryptography";
    for (const [, size, name] of functions) {
        const crates = [...name.matchAll(/(?<![\w:])([a-z_][a-z0-9_]*)::/g)].map(([, crate]) => crate);
        if (name.startsWith("sqlite3")) library = "SQLite";
        if (name.startsWith("aws_lc")) library = "cryptography";
        if (/^_?mi_/.test(name)) library = "mimalloc";
        const part = crates.length > 0 ? (partOf.get(crates[0]) ?? "other") : library;
        sums.set(part, (sums.get(part) ?? 0) + parseInt(size, 16));
    }
    console.log("\nCode, MB:");
    for (const [part, sum] of [...sums].toSorted(([, a], [, b]) => b - a)) console.log(`${megabytes(sum)}  ${part}`);
    const sections = [...run("size", "-A", "-d", binary).matchAll(/^(\.\S+)\s+(\d+)\s+[1-9]/gm)].map(([, name, size]) => ({ name, size: Number(size) }));
    console.log("\nAll that is loaded, MB:");
    for (const { name, size } of sections.toSorted((a, b) => b.size - a.size).slice(0, 8)) console.log(`${megabytes(size)}  ${name}`);
    console.log(`${megabytes(sections.reduce((sum, { size }) => sum + size, 0))}  together`);
}

async function instructions() {
    const server = await start("http://127.0.0.1:3295", ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=profile", binary], {
        environment: {
            LEPTOS_SITE_ADDR: "127.0.0.1:3295",
            DATABASE_URL: `sqlite://${join(folder, "app.db")}`,
            TICKETPING_APP_ID: "bench",
            TICKETPING_TEAM_SLUG: "bench",
            TICKETPING_JWT_SECRET: "k3Vb9qLw7Zt1Xy5Rm2Np8Hs4Jd6Fg0Ac",
            RATE_LIMIT_FACTOR: "1000000",
        },
    });
    const control = (...options) => run("callgrind_control", ...options, String(server.pid));
    const cookie = await signUp(server);
    const targets = [{ path: "/api/ticketping/chat-jwt", cookie }, { path: "/login" }, { path: "/", cookie }];
    for (const [number, target] of targets.entries()) {
        wrk(server, { ...target, connections: 1, seconds: 2 });
        control("--zero");
        control("--instr=on");
        const { requests } = wrk(server, { ...target, connections: 1, seconds: 6 });
        control("--instr=off");
        control("--dump");
        const table = run("callgrind_annotate", "--inclusive=yes", "--threshold=100", `profile.${number + 1}`);
        const total = Number(/^\s*([\d,]+).*PROGRAM TOTALS/m.exec(table)[1].replaceAll(",", ""));
        console.log(`\n${target.path}: ${whole(total / requests)} instructions a request; of them, what each calls included:`);
        const functions = [...table.matchAll(/\(\s*([\d.]+)%\)\s+\S*?:(.*?)(?: \[.*)?$/gm)];
        // What calls itself ('2 is its second turn) would count twice.
        for (const [, share, name] of functions.filter(([, , name]) => !name.endsWith("'2")).slice(0, 40))
            console.log(`${share.padStart(6)} %  ${name.slice(0, 150)}`);
    }
}

sizes();
await instructions();
process.exit(0);
