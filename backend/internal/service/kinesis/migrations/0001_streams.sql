CREATE TABLE kinesis.streams (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text NOT NULL,
    region    text NOT NULL,
    name      text NOT NULL,
    retention integer NOT NULL, -- hours
    created   timestamptz NOT NULL,
    tags      jsonb NOT NULL,
    UNIQUE (account, region, name)
);

-- last is the sequence of the newest record: a writer locks the row until it commits, so a reader never sees a record
-- and misses the one before it.
CREATE TABLE kinesis.shards (
    stream bigint NOT NULL REFERENCES kinesis.streams ON DELETE CASCADE,
    shard  integer NOT NULL,
    last   bigint NOT NULL,
    PRIMARY KEY (stream, shard)
);

CREATE TABLE kinesis.records (
    stream  bigint NOT NULL,
    shard   integer NOT NULL,
    seq     bigint NOT NULL,
    key     text NOT NULL,
    data    bytea NOT NULL,
    arrival timestamptz NOT NULL,
    PRIMARY KEY (stream, shard, seq),
    FOREIGN KEY (stream, shard) REFERENCES kinesis.shards ON DELETE CASCADE
);
