-- The same tables as in migrations/sqlite.
CREATE TABLE users (
    -- UUID v7 text: random, never changes, never reused. Ticketping's external_id.
    id            TEXT   NOT NULL PRIMARY KEY,
    -- As the person typed it, trimmed.
    email         TEXT   NOT NULL,
    -- The same in lower case: what log-in looks up and what must be unique.
    email_key     TEXT   NOT NULL UNIQUE,
    name          TEXT,
    -- argon2id in PHC format, parameters and salt included.
    password_hash TEXT   NOT NULL,
    -- Seconds since 1970, UTC.
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- Who is signed in. The session's data is small: which user, and a mark of his password.
CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    -- JSON.
    data       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Where each user is signed in: one row per session, for the list on the account page.
CREATE TABLE devices (
    -- What forms name a device by. Not the session's id, which opens the session.
    id         TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Such as "Firefox on Linux".
    browser    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX devices_by_user ON devices (user_id);
