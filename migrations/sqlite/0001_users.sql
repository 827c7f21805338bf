-- One row per account. Sessions live in tables of their own, made by the session store.
CREATE TABLE users (
    -- UUID v7 text: random, never changes, never reused. Ticketping's external_id.
    id            TEXT    NOT NULL PRIMARY KEY,
    -- As the person typed it, trimmed.
    email         TEXT    NOT NULL,
    -- The same in lower case: what log-in looks up and what must be unique.
    email_key     TEXT    NOT NULL UNIQUE,
    name          TEXT,
    -- argon2id in PHC format, parameters and salt included.
    password_hash TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
