-- The instant of a shard's newest record: no record is earlier than the one before it, whatever order its writers began in.
ALTER TABLE kinesis.shards ADD arrival timestamptz NOT NULL DEFAULT '-infinity';
UPDATE kinesis.shards s SET arrival = n.arrival FROM (SELECT stream, shard, max(arrival) AS arrival FROM kinesis.records GROUP BY stream, shard) n
    WHERE s.stream = n.stream AND s.shard = n.shard;
