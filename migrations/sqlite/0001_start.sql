CREATE TABLE users (
    -- A UUID of version 7 as text: it never changes and is never reused. Ticketping's external_id.
    id            TEXT    NOT NULL PRIMARY KEY,
    -- In its one canonical form. Its owner has opened a link that was sent to it.
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT,
    -- argon2id in PHC format, with its parameters and salt.
    password_hash TEXT    NOT NULL,
    -- Random, and another with each new password: sessions are bound to it, so that they end then.
    password_id   TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    -- Set for an account that an operator has disabled.
    disabled_at   INTEGER
) STRICT;

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
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What users prove with that it is them, beside their password.
CREATE TABLE factors (
    -- app, passkey or recovery_code; new_app and new_recovery_codes until their user confirms them; recovery once somebody
    -- has said that the others are lost, stopped_recovery once that was stopped.
    kind         TEXT    NOT NULL,
    -- A passkey's credential id, the hash of a recovery code, else the user's id: there is one of each.
    id           TEXT    NOT NULL,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The app's secret in base32, the passkey's public key as JSON, the new recovery codes; else empty.
    secret       TEXT    NOT NULL,
    -- What its user knows a passkey by, such as "Firefox on Linux"; the session in which something new is set up; else empty.
    name         TEXT    NOT NULL,
    -- The time step of the app's last code: each code works once.
    last_step    INTEGER NOT NULL,
    -- Seconds since 1970, UTC.
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX factors_by_user ON factors (user_id);

-- The challenges that passkeys have answered: each is good for one answer.
CREATE TABLE used_challenges (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- Seconds since 1970, UTC. From then on the challenge is out of date anyway.
    expires_at INTEGER NOT NULL
) STRICT;

-- The links in our mails that work.
CREATE TABLE links (
    -- sign_up, reset or change_email.
    purpose    TEXT    NOT NULL,
    -- The address of a sign-up, else the user's id: a newer link takes the place of an older one.
    subject    TEXT    NOT NULL,
    -- SHA-256 of what stands in the link.
    token_hash TEXT    NOT NULL UNIQUE,
    user_id    TEXT    REFERENCES users (id) ON DELETE CASCADE,
    -- Where the mail went.
    email      TEXT    NOT NULL,
    -- The name that a new account is to have.
    name       TEXT,
    -- Seconds since 1970, UTC.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, subject)
) STRICT;

CREATE INDEX links_by_user ON links (user_id);
CREATE INDEX links_by_expiry ON links (expires_at);

-- The mails that are to be sent. A row is deleted once its mail was.
CREATE TABLE outbox (
    -- A UUID of version 7, so that a later mail has a greater one.
    id          TEXT    NOT NULL PRIMARY KEY,
    -- Which mail it is. Its text, and the link in it, are made when it is sent.
    kind        TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    -- The account that it is about. The account may be gone.
    user_id     TEXT,
    -- The name that a sign-up was sent with.
    name        TEXT,
    tries       INTEGER NOT NULL,
    -- Seconds since 1970, UTC. Whoever sends it puts the next try off first.
    created_at  INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_next_try ON outbox (next_try_at);
CREATE INDEX outbox_by_email ON outbox (email);
CREATE INDEX outbox_by_user ON outbox (user_id);
