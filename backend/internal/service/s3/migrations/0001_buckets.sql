CREATE TABLE s3.buckets (
    name          text PRIMARY KEY, -- bucket names are global
    account       text NOT NULL,
    region        text NOT NULL,
    created       timestamptz NOT NULL,
    notifications jsonb NOT NULL
);

CREATE TABLE s3.objects (
    bucket       text NOT NULL REFERENCES s3.buckets,
    key          text COLLATE "C" NOT NULL,
    blob         text NOT NULL,
    size         bigint NOT NULL,
    etag         text NOT NULL,
    content_type text NOT NULL,
    headers      jsonb NOT NULL, -- Cache-Control and the like, and x-amz-meta-…
    modified     timestamptz NOT NULL,
    PRIMARY KEY (bucket, key)
);

-- Gives every change of an object a number: what events carry as sequencer.
CREATE SEQUENCE s3.changes;
