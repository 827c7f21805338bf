-- The same tables as in migrations/sqlite.
CREATE TABLE users (
    -- A UUID of version 7 as text: it never changes and is never reused. Ticketping's external_id.
    id            TEXT    NOT NULL PRIMARY KEY,
    -- As the user typed it, trimmed.
    email         TEXT    NOT NULL,
    -- The same in lower case: log-in looks it up, and it is unique.
    email_key     TEXT    NOT NULL UNIQUE,
    name          TEXT,
    -- argon2id in PHC format, with its parameters and salt.
    password_hash TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL
);

-- One row for each log-in in one browser.
CREATE TABLE sessions (
    -- SHA-256 of the session's id, in hex. The id itself, which opens the session, is only in the cookie.
    id           TEXT    NOT NULL PRIMARY KEY,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Such as "Firefox on Linux".
    browser      TEXT    NOT NULL,
    -- What the session holds, as JSON.
    data         TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at   BIGINT  NOT NULL,
    last_seen_at BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL
);

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
