-- A partition's shard is followed by another one after some hours: parent is the one before.
ALTER TABLE dynamodb.shards ADD parent integer, ADD closed timestamptz;
UPDATE dynamodb.shards h SET closed = s.closed FROM dynamodb.streams s WHERE s.id = h.stream;

-- The open shard of the partition in the table's stream, its first sequence, and when it was opened.
ALTER TABLE dynamodb.partitions ADD shard integer NOT NULL DEFAULT 0, ADD first bigint NOT NULL DEFAULT 1, ADD since timestamptz NOT NULL DEFAULT '1970-01-01';
UPDATE dynamodb.partitions p SET shard = h.n, first = h.first, since = s.created
    FROM dynamodb.streams s JOIN dynamodb.shards h ON h.stream = s.id WHERE s.tbl = p.tbl AND s.closed IS NULL AND h.n = p.n;
