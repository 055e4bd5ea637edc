-- Log groups that somebody made. One that Lambda has written to without is a group too, without an entry here.
CREATE TABLE logs.groups (
    account   text NOT NULL,
    region    text NOT NULL,
    name      text NOT NULL,
    class     text NOT NULL,
    retention integer NOT NULL, -- days; 0: events are kept
    protected boolean NOT NULL,
    tags      jsonb NOT NULL,
    created   timestamptz NOT NULL,
    PRIMARY KEY (account, region, name)
);
