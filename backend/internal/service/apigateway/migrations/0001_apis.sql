CREATE TABLE apigateway.apis (
    id      text PRIMARY KEY,
    account text NOT NULL,
    region  text NOT NULL,
    kind    text NOT NULL,  -- HTTP or REST
    created timestamptz NOT NULL,
    body    jsonb NOT NULL  -- the API with its parts, as the code has it
);

CREATE INDEX ON apigateway.apis (account, region, kind);

CREATE TABLE apigateway.deployments (
    api     text NOT NULL REFERENCES apigateway.apis ON DELETE CASCADE,
    id      text NOT NULL,
    created timestamptz NOT NULL,
    body    jsonb NOT NULL, -- what was deployed: a copy that later changes of the API do not touch
    PRIMARY KEY (api, id)
);
