CREATE TABLE cognito.pools (
    id       text PRIMARY KEY, -- REGION_XXXXXXXXX
    account  text NOT NULL,
    region   text NOT NULL,
    config   jsonb NOT NULL,   -- a UserPoolType as the API has it
    created  timestamptz NOT NULL,
    modified timestamptz NOT NULL
);

CREATE TABLE cognito.clients (
    id       text PRIMARY KEY,
    pool     text NOT NULL REFERENCES cognito.pools ON DELETE CASCADE,
    config   jsonb NOT NULL,   -- a UserPoolClientType as the API has it
    created  timestamptz NOT NULL
);

CREATE TABLE cognito.users (
    pool       text NOT NULL REFERENCES cognito.pools ON DELETE CASCADE,
    username   text NOT NULL,
    sub        text NOT NULL,
    attributes jsonb NOT NULL,
    status     text NOT NULL,
    code       text NOT NULL, -- that confirms the sign-up; empty: none is awaited
    created    timestamptz NOT NULL,
    modified   timestamptz NOT NULL,
    PRIMARY KEY (pool, username)
);
