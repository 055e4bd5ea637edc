-- A notification may be for a queue or a topic; a bucket may tell EventBridge everything.
ALTER TABLE s3.buckets ADD COLUMN event_bridge boolean NOT NULL DEFAULT false;
UPDATE s3.buckets SET notifications =
    (SELECT coalesce(jsonb_agg(n - 'function' || jsonb_build_object('target', n -> 'function')), '[]') FROM jsonb_array_elements(notifications) AS n);
