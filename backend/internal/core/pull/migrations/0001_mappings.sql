CREATE TABLE pull.mappings (
    uuid        text PRIMARY KEY,
    account     text NOT NULL,
    region      text NOT NULL,
    source_arn  text NOT NULL,
    function    text NOT NULL, -- ARN, qualified where the mapping is
    config      jsonb NOT NULL,
    enabled     boolean NOT NULL,
    modified    timestamptz NOT NULL,
    last_result text NOT NULL,
    reason      text NOT NULL,
    tags        jsonb NOT NULL,
    UNIQUE (source_arn, function)
);

-- How far each shard has been read for each mapping, and the batch that is being retried.
CREATE TABLE pull.lanes (
    uuid       text NOT NULL REFERENCES pull.mappings ON DELETE CASCADE,
    shard      text NOT NULL,
    checkpoint text NOT NULL, -- everything up to this sequence number is done; empty: nothing
    failures   integer NOT NULL,
    last       text NOT NULL, -- of the batch that failed: its last sequence number
    due        timestamptz,   -- when it is tried again
    header     jsonb,         -- its delivery
    PRIMARY KEY (uuid, shard)
);
