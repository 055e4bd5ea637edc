-- Published versions: what $LATEST was, with the description that the publication gave.
CREATE TABLE function.versions (
    account     text NOT NULL,
    region      text NOT NULL,
    name        text NOT NULL,
    version     bigint NOT NULL,
    config      jsonb NOT NULL,
    described   text NOT NULL, -- the description of $LATEST, by which a later publication sees whether anything changed
    code_sha    text NOT NULL,
    code_size   bigint NOT NULL,
    modified    timestamptz NOT NULL,
    revision    text NOT NULL,
    PRIMARY KEY (account, region, name, version),
    FOREIGN KEY (account, region, name) REFERENCES function.functions ON DELETE CASCADE
);

-- The last version number of a name. It outlives the function: numbers are never used again.
CREATE TABLE function.numbers (
    account text NOT NULL,
    region  text NOT NULL,
    name    text NOT NULL,
    last    bigint NOT NULL,
    PRIMARY KEY (account, region, name)
);

CREATE TABLE function.aliases (
    account     text NOT NULL,
    region      text NOT NULL,
    name        text NOT NULL,
    alias       text NOT NULL,
    version     text NOT NULL,
    description text NOT NULL,
    weights     jsonb NOT NULL,
    revision    text NOT NULL,
    PRIMARY KEY (account, region, name, alias),
    FOREIGN KEY (account, region, name) REFERENCES function.functions ON DELETE CASCADE
);

-- A version and an alias have policies of their own; '' is the unqualified function.
ALTER TABLE function.policies ADD COLUMN qualifier text NOT NULL DEFAULT '';
ALTER TABLE function.policies DROP CONSTRAINT policies_pkey;
ALTER TABLE function.policies ADD PRIMARY KEY (account, region, name, qualifier);

ALTER TABLE function.functions ADD COLUMN reserved integer; -- reserved concurrency; NULL: none

CREATE TABLE function.provisioned (
    account   text NOT NULL,
    region    text NOT NULL,
    name      text NOT NULL,
    qualifier text NOT NULL,
    requested integer NOT NULL,
    modified  timestamptz NOT NULL,
    PRIMARY KEY (account, region, name, qualifier),
    FOREIGN KEY (account, region, name) REFERENCES function.functions ON DELETE CASCADE
);
