-- '' until versioning is configured, then Enabled or Suspended.
ALTER TABLE s3.buckets ADD COLUMN versioning text NOT NULL DEFAULT '';

-- A key has one row for each version; one of them is its latest, and may be a delete marker. Whoever changes a key's rows holds
-- the lock of the latest one.
ALTER TABLE s3.objects
    ADD COLUMN version text NOT NULL DEFAULT 'null', -- what was written without versioning
    ADD COLUMN marker  boolean NOT NULL DEFAULT false,
    ADD COLUMN latest  boolean NOT NULL DEFAULT true,
    ADD COLUMN seq     bigint NOT NULL DEFAULT nextval('s3.changes'); -- the newest is the greatest; the sequencer of events
ALTER TABLE s3.objects DROP CONSTRAINT objects_pkey;
ALTER TABLE s3.objects ADD PRIMARY KEY (bucket, key, version);
CREATE UNIQUE INDEX objects_latest ON s3.objects (bucket, key) WHERE latest;
