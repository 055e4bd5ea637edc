-- What a stream was told beside its name, retention and tags.
ALTER TABLE kinesis.streams ADD config jsonb NOT NULL DEFAULT '{}';

-- The first and last hash key of a shard, as decimal numbers; the shards that it came from; when it was opened and closed. The
-- sequence of a closed shard's last is that of its end: no record has it.
ALTER TABLE kinesis.shards
    ADD low text NOT NULL DEFAULT '', ADD high text NOT NULL DEFAULT '',
    ADD parent integer, ADD adjacent integer,
    ADD opened timestamptz NOT NULL DEFAULT '-infinity', ADD closed timestamptz;
UPDATE kinesis.shards s SET opened = t.created,
    low = (n.width * s.shard)::text,
    high = (CASE WHEN s.shard = n.shards - 1 THEN 340282366920938463463374607431768211455 ELSE n.width * (s.shard + 1) - 1 END)::text
    FROM kinesis.streams t,
        (SELECT stream, count(*) AS shards, div(340282366920938463463374607431768211456, count(*)) AS width FROM kinesis.shards GROUP BY stream) n
    WHERE t.id = s.stream AND n.stream = s.stream;
