-- The same table as in migrations/sqlite.
CREATE TABLE installation (
    id  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Random, in hex. The keys of our cookies are made of it and of the JWT secret, which Ticketping knows too.
    key TEXT    NOT NULL
);
