-- What functions wrote, in the order in which it came.
CREATE TABLE logs.events (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text NOT NULL,
    region    text NOT NULL,
    log_group text NOT NULL,
    stream    text NOT NULL,
    at        timestamptz NOT NULL,
    message   text NOT NULL
);
CREATE INDEX ON logs.events (account, region, log_group, id);
