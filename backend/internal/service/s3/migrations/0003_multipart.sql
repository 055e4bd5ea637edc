-- An object's bytes may lie in several blobs, one after the other: those of the parts that it was uploaded in.
ALTER TABLE s3.objects ADD COLUMN segments jsonb;
UPDATE s3.objects SET segments = jsonb_build_array(jsonb_build_object('blob', blob, 'size', size));
ALTER TABLE s3.objects ALTER COLUMN segments SET NOT NULL;
ALTER TABLE s3.objects DROP COLUMN blob;

-- Multipart uploads that are neither completed nor aborted.
CREATE TABLE s3.uploads (
    id            text PRIMARY KEY,
    bucket        text NOT NULL REFERENCES s3.buckets,
    key           text COLLATE "C" NOT NULL,
    initiator     text NOT NULL, -- the account
    content_type  text NOT NULL,
    headers       jsonb NOT NULL,
    algorithm     text NOT NULL, -- of the parts' checksums
    checksum_type text NOT NULL, -- COMPOSITE or FULL_OBJECT
    created       timestamptz NOT NULL
);
CREATE INDEX ON s3.uploads (bucket, key, id);

CREATE TABLE s3.parts (
    upload   text NOT NULL REFERENCES s3.uploads ON DELETE CASCADE,
    number   integer NOT NULL,
    blob     text NOT NULL,
    size     bigint NOT NULL,
    etag     text NOT NULL,
    checksum text NOT NULL, -- in base64
    modified timestamptz NOT NULL,
    PRIMARY KEY (upload, number)
);
