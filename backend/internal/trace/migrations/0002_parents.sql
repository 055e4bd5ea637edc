-- The delivery that a delivery follows from: a destination's from the invocation whose record it carries. 0 where nothing came before.
ALTER TABLE trace.deliveries ADD COLUMN parent bigint NOT NULL DEFAULT 0;
