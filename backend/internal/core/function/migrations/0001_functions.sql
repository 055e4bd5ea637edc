CREATE TABLE function.functions (
    account    text NOT NULL,
    region     text NOT NULL,
    name       text NOT NULL,
    config     jsonb NOT NULL,
    code_sha   text NOT NULL,
    code_size  bigint NOT NULL,
    modified   timestamptz NOT NULL,
    revision   text NOT NULL,
    generation bigint NOT NULL,
    tags       jsonb NOT NULL,
    PRIMARY KEY (account, region, name)
);

-- Resource policies: one for each function that has statements.
CREATE TABLE function.policies (
    account  text NOT NULL,
    region   text NOT NULL,
    name     text NOT NULL,
    revision text NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (account, region, name),
    FOREIGN KEY (account, region, name) REFERENCES function.functions ON DELETE CASCADE
);
