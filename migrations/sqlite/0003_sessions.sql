-- Who is signed in. The session's data is small: which user, and a mark of his password.
CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- JSON.
    data       TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A device ends with its session. Sessions of before are in a table that nobody reads any more:
-- everybody logs in once again.
DROP TABLE devices;
DROP TABLE IF EXISTS tower_sessions;

CREATE TABLE devices (
    -- What forms name a device by. Not the session's id, which opens the session.
    id         TEXT    NOT NULL PRIMARY KEY,
    session_id TEXT    NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Such as "Firefox on Linux".
    browser    TEXT    NOT NULL,
    -- Seconds since 1970, UTC.
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX devices_by_user ON devices (user_id);
