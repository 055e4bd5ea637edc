CREATE TABLE events.buses ( -- the default bus has a row once something is said about it
    account     text NOT NULL,
    region      text NOT NULL,
    name        text NOT NULL,
    description text NOT NULL,
    policy      text NOT NULL,  -- as it was put; empty: none
    tags        jsonb NOT NULL, -- text to text
    created     timestamptz NOT NULL,
    modified    timestamptz NOT NULL,
    PRIMARY KEY (account, region, name)
);

CREATE TABLE events.rules (
    account     text NOT NULL,
    region      text NOT NULL,
    bus         text NOT NULL,
    name        text NOT NULL,
    description text NOT NULL,
    pattern     text NOT NULL,  -- empty: none
    schedule    text NOT NULL,  -- empty: none
    state       text NOT NULL,  -- as the API has it
    role        text NOT NULL,
    targets     jsonb NOT NULL, -- a list of Target as the API has it
    tags        jsonb NOT NULL, -- text to text
    turn        text NOT NULL,  -- of the schedule: an item of the agenda that has another is of no use any more
    PRIMARY KEY (account, region, bus, name)
);
