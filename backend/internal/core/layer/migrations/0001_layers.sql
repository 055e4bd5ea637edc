-- The last version number of a layer. Numbers are never used again.
CREATE TABLE layer.layers (
    account text NOT NULL,
    region  text NOT NULL,
    name    text NOT NULL,
    last    bigint NOT NULL,
    PRIMARY KEY (account, region, name)
);

CREATE TABLE layer.versions (
    account       text NOT NULL,
    region        text NOT NULL,
    name          text NOT NULL,
    version       bigint NOT NULL,
    description   text NOT NULL,
    license       text NOT NULL,
    runtimes      jsonb NOT NULL,
    architectures jsonb NOT NULL,
    sha           text NOT NULL,
    size          bigint NOT NULL, -- of the zip file, in bytes
    unzipped      bigint NOT NULL, -- of what is in it, in bytes
    created       timestamptz NOT NULL,
    deleted       boolean NOT NULL DEFAULT false, -- nobody sees it any more; functions that have it keep it
    policy        text NOT NULL DEFAULT '',       -- '' for none
    revision      text NOT NULL DEFAULT '',       -- of the policy
    PRIMARY KEY (account, region, name, version),
    FOREIGN KEY (account, region, name) REFERENCES layer.layers ON DELETE CASCADE
);
