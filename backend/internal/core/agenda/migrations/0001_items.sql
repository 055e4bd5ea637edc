-- What will happen. A row stays until its item is done: whatever is found at start is unfinished.
CREATE TABLE agenda.items (
    id         bigint PRIMARY KEY,
    kind       text NOT NULL,
    lane       text NOT NULL,
    account    text NOT NULL,
    due        timestamptz NOT NULL,
    attempt    integer NOT NULL,
    background boolean NOT NULL,
    body       bytea NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- Where a virtual clock stands, so that it survives a restart. One row.
CREATE TABLE agenda.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    now timestamptz NOT NULL
);
