CREATE TABLE sqs.queues (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text NOT NULL,
    region     text NOT NULL,
    name       text NOT NULL,
    attributes jsonb NOT NULL, -- as they were set; defaults are not stored
    tags       jsonb NOT NULL,
    created    timestamptz NOT NULL,
    modified   timestamptz NOT NULL,
    purged     timestamptz, -- when it was purged last
    UNIQUE (account, region, name)
);

-- last is the sequence of a queue's newest message: a writer locks the row until it commits.
CREATE TABLE sqs.sequences (
    queue bigint PRIMARY KEY,
    last  bigint NOT NULL
) WITH (fillfactor = 50);

-- A message stays one row from its sending until its deletion. No index but the key: what is visible and when is known in
-- memory, so that a receipt changes no index and no reader passes over dead rows.
CREATE TABLE sqs.messages (
    queue      bigint NOT NULL,
    seq        bigint NOT NULL,
    id         text NOT NULL,
    body       text NOT NULL,
    attributes bytea, -- the user's attributes as JSON; null for none
    trace      text, -- the system attribute AWSTraceHeader
    sender     text NOT NULL,
    message_group text, -- null where none was given
    dedup      text, -- of FIFO queues
    origin     text, -- ARN of the queue that a dead-letter queue has it from
    sent       timestamptz NOT NULL,
    first      timestamptz, -- first receipt
    visible    timestamptz NOT NULL, -- hidden or delayed until then
    received   integer NOT NULL, -- in all queues
    receipts   integer NOT NULL, -- in this queue
    PRIMARY KEY (queue, seq)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- What a FIFO queue has taken in the last five minutes, also when it has been received and deleted since.
CREATE TABLE sqs.deduplications (
    queue bigint NOT NULL,
    key   text NOT NULL, -- the deduplication id, after its group where the queue's scope is the group
    at    timestamptz NOT NULL,
    id    text NOT NULL,
    seq   bigint NOT NULL,
    PRIMARY KEY (queue, key)
);
