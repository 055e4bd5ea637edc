CREATE TABLE dynamodb.tables (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    region  text NOT NULL,
    name    text NOT NULL,
    created timestamptz NOT NULL,
    config  jsonb NOT NULL,
    UNIQUE (account, region, name)
);

-- A table's partitions. A writer locks the rows of those that it writes until it commits: so writes of a partition happen
-- one after the other, last counts them, and a stream's records are numbered in the order of the commits.
CREATE TABLE dynamodb.partitions (
    tbl  bigint NOT NULL REFERENCES dynamodb.tables ON DELETE CASCADE,
    n    integer NOT NULL,
    last bigint NOT NULL,      -- sequence of the newest record
    at   timestamptz NOT NULL, -- its time: the next record's is not before
    PRIMARY KEY (tbl, n)
);

CREATE TABLE dynamodb.items (
    tbl     bigint NOT NULL,
    place   bigint NOT NULL, -- hash of the partition key: 0 to 2^63-1
    hash    bytea NOT NULL,  -- the partition key, sortable
    sort    bytea NOT NULL,  -- the sort key, sortable; empty without one
    body    bytea NOT NULL,  -- the item as the API has it
    size    integer NOT NULL,
    expires bigint,          -- seconds since 1970, where the table has a time to live
    PRIMARY KEY (tbl, place, hash, sort)
);

CREATE INDEX items_expires ON dynamodb.items (tbl, expires) WHERE expires IS NOT NULL;

-- Secondary indexes: where each item stands in an index.
CREATE TABLE dynamodb.entries (
    tbl        bigint NOT NULL,
    idx        integer NOT NULL, -- number of the index within its table
    place      bigint NOT NULL,
    hash       bytea NOT NULL,
    sort       bytea NOT NULL,
    item_place bigint NOT NULL,
    item_hash  bytea NOT NULL,
    item_sort  bytea NOT NULL,
    PRIMARY KEY (tbl, idx, place, hash, sort, item_hash, item_sort)
);

-- Streams outlive their tables by a day.
CREATE TABLE dynamodb.streams (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text NOT NULL,
    region     text NOT NULL,
    table_name text NOT NULL,
    tbl        bigint NOT NULL, -- the table, which may be gone
    label      text NOT NULL,
    view       text NOT NULL,
    keys       jsonb NOT NULL, -- names of the table's key attributes
    created    timestamptz NOT NULL,
    closed     timestamptz,
    UNIQUE (account, region, table_name, label)
);

CREATE TABLE dynamodb.shards (
    stream bigint NOT NULL REFERENCES dynamodb.streams ON DELETE CASCADE,
    n      integer NOT NULL,
    first  bigint NOT NULL, -- sequence at which it begins
    last   bigint,          -- sequence at which it ends; none while it is open
    PRIMARY KEY (stream, n)
);

CREATE TABLE dynamodb.records (
    stream  bigint NOT NULL,
    n       integer NOT NULL,
    seq     bigint NOT NULL,
    at      timestamptz NOT NULL,
    name    text NOT NULL, -- INSERT, MODIFY, REMOVE
    keys    bytea NOT NULL,
    new     bytea,
    old     bytea,
    size    integer NOT NULL,
    expired boolean NOT NULL, -- by the time to live
    PRIMARY KEY (stream, n, seq),
    FOREIGN KEY (stream, n) REFERENCES dynamodb.shards ON DELETE CASCADE
);

CREATE INDEX records_at ON dynamodb.records (at);

-- Answers to TransactWriteItems that were given a token, for ten minutes.
CREATE TABLE dynamodb.tokens (
    account text NOT NULL,
    token   text NOT NULL,
    request bytea NOT NULL, -- digest of what was asked
    at      timestamptz NOT NULL,
    PRIMARY KEY (account, token)
);
