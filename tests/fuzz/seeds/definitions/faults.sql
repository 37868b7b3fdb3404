/* é */ CREATE TABLE t (ts timestamptz, "a.b" varchar(5), c numeric(12,2)) WITH (event_time = ts, partition_by = "a.b", watermark = '10 seconds', partitions = 4);
CREATE VIEW v AS SELECT cuont(*) AS n FROM t WINDOW TUMBLING (SIZE 1 MINUTE) EMIT CHANGES; SELECT $x$ ; $x$, E'\'', U&"d\0061t", 1e400;
DROP TABLE "t
