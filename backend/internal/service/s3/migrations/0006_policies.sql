ALTER TABLE s3.buckets
    ADD COLUMN policy text NOT NULL DEFAULT '', -- its principals are unique ids, as identity binds them
    -- What new buckets have since April 2023; null once it is deleted.
    ADD COLUMN public_access jsonb DEFAULT '{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}',
    -- By subresource: configurations that are kept as they came and given back; null for one that was deleted though new buckets have it.
    ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
