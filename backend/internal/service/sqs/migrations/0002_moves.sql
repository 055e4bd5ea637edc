-- Tasks that move messages out of a dead-letter queue.
CREATE TABLE sqs.moves (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    handle      text NOT NULL UNIQUE,
    queue       bigint NOT NULL, -- out of which messages are moved
    account     text NOT NULL,
    source      text NOT NULL, -- its ARN
    destination text, -- ARN; null: each message goes back to where it came from
    rate        integer, -- messages a second; null: as fast as may be
    total       integer NOT NULL, -- messages there when the task was started
    moved       integer NOT NULL DEFAULT 0,
    status      text NOT NULL, -- RUNNING, COMPLETED, CANCELLED, FAILED
    reason      text, -- why it failed
    started     timestamptz NOT NULL
);
CREATE INDEX moves_queue ON sqs.moves (queue, id);
CREATE UNIQUE INDEX moves_running ON sqs.moves (queue) WHERE status = 'RUNNING';
