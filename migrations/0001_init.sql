-- The first schema. Never edited once released: the next change is the next file.
-- Instants are microseconds since 1970-01-01T00:00:00Z; dates are ISO 8601 text.
-- An absent recurrence id inside a key is NO_RECURRENCE (the smallest integer).

CREATE TABLE owner (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Mirror: what the calendars held when they were last read.

CREATE TABLE calendar (
    id            INTEGER PRIMARY KEY,
    owner         INTEGER NOT NULL REFERENCES owner (id),
    account       TEXT    NOT NULL,
    collection    TEXT    NOT NULL,
    token         TEXT,
    complete_at   INTEGER,
    listed_at     INTEGER,
    trouble       TEXT    CHECK (trouble IN ('partial', 'failed', 'frozen')),
    reason        TEXT,
    accept_shrink INTEGER NOT NULL DEFAULT 0,
    revision      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (owner, account, collection)
) STRICT;

CREATE TABLE resource (
    id       INTEGER PRIMARY KEY,
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    href     TEXT    NOT NULL,
    etag     TEXT,
    parent   TEXT,
    digest   BLOB    NOT NULL,
    revision INTEGER NOT NULL,
    data     BLOB    NOT NULL,
    UNIQUE (calendar, href)
) STRICT;

CREATE INDEX resource_revision ON resource (calendar, revision);

CREATE TABLE skipped (
    calendar INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    href     TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (calendar, href)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    calendar   INTEGER NOT NULL REFERENCES calendar (id) ON DELETE CASCADE,
    href       TEXT    NOT NULL,
    etag       TEXT,
    parent     TEXT,
    removed_at INTEGER NOT NULL,
    data       BLOB    NOT NULL
) STRICT;

CREATE INDEX tombstone_calendar ON tombstone (calendar, id);
CREATE INDEX tombstone_age ON tombstone (removed_at);

-- Ledger: facts about meetings. Append-only.

CREATE TABLE ledger (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         INTEGER NOT NULL REFERENCES owner (id),
    at            INTEGER NOT NULL,
    pair          TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    planned       INTEGER,
    uid           TEXT,
    recurrence_id INTEGER,
    payload       TEXT    NOT NULL
) STRICT;

CREATE INDEX ledger_pair ON ledger (owner, pair);

CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;

-- Journal: what onbeat wrote. Append-only; the state of an intent is its latest outcome.

CREATE TABLE intent (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         INTEGER NOT NULL REFERENCES owner (id),
    step          TEXT    NOT NULL,
    pair          TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    collection    TEXT    NOT NULL,
    href          TEXT    NOT NULL,
    uid           TEXT    NOT NULL,
    recurrence_id INTEGER,
    kind          TEXT    NOT NULL,
    summary       TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    before_etag   TEXT,
    sent_digest   TEXT    NOT NULL,
    mails         INTEGER,
    undoes        INTEGER REFERENCES intent (id),
    block         TEXT,
    new_start     INTEGER,
    before        BLOB,
    sent          BLOB
) STRICT;

CREATE INDEX intent_event ON intent (owner, uid);
CREATE INDEX intent_pair ON intent (owner, pair);
CREATE INDEX intent_at ON intent (owner, at);
CREATE INDEX intent_undoes ON intent (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE outcome (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    intent INTEGER NOT NULL REFERENCES intent (id),
    at     INTEGER NOT NULL,
    state  TEXT    NOT NULL CHECK (state IN ('done', 'stale', 'refused', 'failed')),
    etag   TEXT,
    reason TEXT
) STRICT;

CREATE INDEX outcome_intent ON outcome (intent, id);

CREATE TRIGGER intent_keeps BEFORE UPDATE ON intent
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER intent_stays BEFORE DELETE ON intent
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER outcome_keeps BEFORE UPDATE ON outcome
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- Intents nobody knows the outcome of. Kept by triggers, so that finding them
-- does not mean reading the whole journal.
CREATE TABLE open_intent (
    intent INTEGER PRIMARY KEY REFERENCES intent (id)
) STRICT;

CREATE TRIGGER intent_opens AFTER INSERT ON intent
BEGIN INSERT INTO open_intent (intent) VALUES (new.id); END;
CREATE TRIGGER outcome_settles AFTER INSERT ON outcome
BEGIN DELETE FROM open_intent WHERE intent = new.intent; END;

-- Agenda: items belong to the pair and outlive every event.

CREATE TABLE item (
    owner   INTEGER NOT NULL REFERENCES owner (id),
    id      TEXT    NOT NULL,
    pair    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    side    TEXT    NOT NULL,
    private INTEGER NOT NULL,
    created INTEGER NOT NULL,
    due     TEXT,
    later   TEXT,
    done    INTEGER,
    carried INTEGER NOT NULL,
    origin  TEXT    NOT NULL,
    dropped INTEGER,
    PRIMARY KEY (owner, id)
) STRICT;

CREATE INDEX item_pair ON item (owner, pair, created);

CREATE TABLE reflection (
    owner     INTEGER NOT NULL REFERENCES owner (id),
    pair      TEXT    NOT NULL,
    beat      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    went_well TEXT    NOT NULL,
    better    TEXT    NOT NULL,
    achieved  TEXT    NOT NULL,
    PRIMARY KEY (owner, pair, beat)
) STRICT;

CREATE TABLE agenda (
    owner     INTEGER NOT NULL REFERENCES owner (id),
    pair      TEXT    NOT NULL,
    beat      INTEGER NOT NULL,
    frozen_at INTEGER NOT NULL,
    shared    TEXT    NOT NULL,
    private   TEXT    NOT NULL,
    PRIMARY KEY (owner, pair, beat)
) STRICT;

CREATE TABLE asked (
    owner    INTEGER NOT NULL REFERENCES owner (id),
    pair     TEXT    NOT NULL,
    beat     INTEGER NOT NULL,
    question TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (owner, pair, beat, question)
) STRICT;

-- What was said once, chosen once, or holds until it is lifted.

CREATE TABLE flag (
    id         INTEGER PRIMARY KEY,
    owner      INTEGER NOT NULL REFERENCES owner (id),
    pair       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    raised_at  INTEGER NOT NULL,
    cleared_at INTEGER
) STRICT;

CREATE UNIQUE INDEX flag_standing ON flag (owner, pair, key) WHERE cleared_at IS NULL;
CREATE INDEX flag_pair ON flag (owner, pair, raised_at);

CREATE TABLE once (
    owner INTEGER NOT NULL REFERENCES owner (id),
    scope TEXT    NOT NULL,
    key   TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (owner, scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    owner INTEGER NOT NULL REFERENCES owner (id),
    pair  TEXT    NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (owner, pair)
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
    owner         INTEGER NOT NULL REFERENCES owner (id),
    uid           TEXT    NOT NULL,
    recurrence_id INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    PRIMARY KEY (owner, uid, recurrence_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
    owner         INTEGER NOT NULL REFERENCES owner (id),
    uid           TEXT    NOT NULL,
    recurrence_id INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    used          INTEGER,
    PRIMARY KEY (owner, uid, recurrence_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE partner_address (
    owner   INTEGER NOT NULL REFERENCES owner (id),
    pair    TEXT    NOT NULL,
    address TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (owner, pair, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    owner INTEGER NOT NULL REFERENCES owner (id),
    pair  TEXT    NOT NULL,
    key   TEXT    NOT NULL,
    value TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (owner, pair, key)
) STRICT, WITHOUT ROWID;

-- Values of goals and metrics as they stood when an agenda was made.

CREATE TABLE measured (
    owner INTEGER NOT NULL REFERENCES owner (id),
    pair  TEXT    NOT NULL,
    beat  INTEGER NOT NULL,
    name  TEXT    NOT NULL,
    value REAL    NOT NULL,
    day   TEXT,
    PRIMARY KEY (owner, pair, beat, name)
) STRICT, WITHOUT ROWID;
