-- Each record is kept as the JSON text it is answered with; what lists filter and order by is read out of that text.
-- gone: 0 there, 1 deleted, 2 went with its customer.
CREATE TABLE IF NOT EXISTS origin (seed INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS customers (
    display_id INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    gone       INTEGER NOT NULL DEFAULT 0,
    json       TEXT    NOT NULL,
    customer   INTEGER AS (display_id) VIRTUAL,
    slug       TEXT    AS (json ->> '$.slug') VIRTUAL,
    status     TEXT    AS (json ->> '$.status') VIRTUAL
);

CREATE TABLE IF NOT EXISTS contacts (
    display_id INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    gone       INTEGER NOT NULL DEFAULT 0,
    json       TEXT    NOT NULL,
    customer   INTEGER NOT NULL,
    email      TEXT    AS (json ->> '$.email') VIRTUAL
);

CREATE TABLE IF NOT EXISTS onboardings (
    display_id INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    gone       INTEGER NOT NULL DEFAULT 0,
    json       TEXT    NOT NULL,
    customer   INTEGER NOT NULL,
    phase      TEXT    AS (json ->> '$.phase') VIRTUAL,
    state      TEXT    AS (json ->> '$.state') VIRTUAL,
    waiting    INTEGER AS (json ->> '$.waiting_on_customer') VIRTUAL
);

CREATE TABLE IF NOT EXISTS answers (
    endpoint TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    status   INTEGER NOT NULL,
    answer   TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (endpoint, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_at ON answers (at_ms);
