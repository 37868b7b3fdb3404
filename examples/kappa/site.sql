-- Requests to a web site, as `lk gen web` makes them, and two views over them, for docs/lambda-vs-kappa.md.
CREATE TABLE hits (
  ts timestamptz, ip text, path text, status int, bytes bigint
) WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '10 seconds', max_ahead = '10 minutes');

-- What is read, by the minute. There is no lateness bound: every event counts, however late.
CREATE VIEW traffic AS
  SELECT path, count(*) AS hits, sum(bytes) AS bytes
  FROM hits
  GROUP BY path, tumble(ts, '1 minute');

-- How requests end, by the quarter of an hour. The stream path refuses events that are more than ten minutes late.
CREATE VIEW statuses WITH (allowed_lateness = '10 minutes') AS
  SELECT status, count(*) AS hits
  FROM hits
  GROUP BY status, tumble(ts, '15 minutes');
