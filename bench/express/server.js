// Ticketping's sample for Express made real: who is calling comes from a session and a user in SQLite.
// `GET /start` stands for the log-in. `TUNED=1`: as fast as it gets, with statements that are prepared once, no write at each
// request, and a secret that is made a key once: of a string, jsonwebtoken asks OpenSSL at each signature whether it is one.
import { createSecretKey } from "node:crypto";
import Database from "better-sqlite3";
import sessionStore from "better-sqlite3-session-store";
import { parse } from "cookie";
import { unsign } from "cookie-signature";
import express from "express";
import session from "express-session";
import jwt from "jsonwebtoken";

const COOKIE_SECRET = "of the cookie's signature";
const [port, file] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
// As ours.
database.pragma("synchronous = NORMAL");
database.exec("CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT)");
database.prepare("INSERT OR IGNORE INTO users VALUES ('u-1', 'bench@example.com', 'Bench')").run();
const userById = database.prepare("SELECT id, email, name FROM users WHERE id = ?");
const Store = sessionStore(session);

const sessions = session({ secret: COOKIE_SECRET, resave: false, saveUninitialized: false, store: new Store({ client: database }) });
const readSession = database.prepare("SELECT sess FROM sessions WHERE sid = ? AND unixepoch(expire) > unixepoch()").pluck();
/** What express-session finds out, and nothing else of what it does. */
function tuned(request, response, next) {
    const cookie = parse(request.headers.cookie ?? "")["connect.sid"];
    const id = cookie?.startsWith("s:") && unsign(cookie.slice(2), COOKIE_SECRET);
    const found = id && readSession.get(id);
    request.session = found ? JSON.parse(found) : {};
    next();
}

const secret = process.env.TICKETPING_JWT_SECRET;
const key = process.env.TUNED ? createSecretKey(Buffer.from(secret)) : secret;

const app = express();
app.disable("x-powered-by");
if (process.env.TUNED) {
    app.disable("etag");
    app.use("/start", sessions);
    app.use("/api", tuned);
} else {
    app.use(sessions);
}

app.get("/start", (request, response) => {
    request.session.user = "u-1";
    response.sendStatus(204);
});

app.get("/api/ticketping/chat-jwt", (request, response) => {
    const user = request.session.user && userById.get(request.session.user);
    if (!user) return response.status(401).json({ error: "not_signed_in" });
    const claims = {
        external_id: user.id,
        email: user.email,
        display_name: user.name || user.email.split("@")[0],
        exp: Math.floor(Date.now() / 1000) + 300,
    };
    response.set("Cache-Control", "no-store").json({ jwt: jwt.sign(claims, key) });
});

app.listen(Number(port), "127.0.0.1");
