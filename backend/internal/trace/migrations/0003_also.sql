-- Further deliveries that a delivery follows from: those that the other records of a batch follow from.
ALTER TABLE trace.deliveries ADD COLUMN also bigint[];
CREATE INDEX deliveries_parent ON trace.deliveries (parent) WHERE parent <> 0;
CREATE INDEX deliveries_also ON trace.deliveries USING gin (also) WHERE also IS NOT NULL;
