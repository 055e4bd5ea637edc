ALTER TABLE s3.buckets ADD COLUMN tags jsonb NOT NULL DEFAULT '{}';
