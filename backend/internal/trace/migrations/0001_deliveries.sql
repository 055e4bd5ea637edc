-- One row for each event and target.
CREATE TABLE trace.deliveries (
    id              bigint PRIMARY KEY,
    account         text NOT NULL,
    region          text NOT NULL,
    source_service  text NOT NULL,
    source_arn      text NOT NULL,
    target_arn      text NOT NULL,
    invocation_type text NOT NULL,
    request_id      text NOT NULL,
    at              timestamptz NOT NULL,
    outcome         text NOT NULL,
    attempts        integer NOT NULL
);

-- What happened to it, in the order of seq.
CREATE TABLE trace.steps (
    seq      bigint PRIMARY KEY,
    delivery bigint NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    reason   text NOT NULL,
    rule     text NOT NULL,
    decision jsonb
);
CREATE INDEX ON trace.steps (delivery, seq);
