-- Where each user is signed in: one row per session, for the list on the account page.
CREATE TABLE devices (
    -- What forms name a device by. Not the session's id, which opens the session.
    id         TEXT    NOT NULL PRIMARY KEY,
    session_id TEXT    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Such as "Firefox on Linux".
    browser    TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX devices_by_user ON devices (user_id);
