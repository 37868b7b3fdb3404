-- A web site's hits, as `lk gen web` makes them or a web server writes them in the combined log format.
CREATE TABLE hits (
  ts timestamptz, ip text, method text, path text, status int, bytes bigint, referer text, agent text
) WITH (event_time = ts, partition_by = ip, partitions = 4, watermark = '10 seconds', max_ahead = '10 minutes');

-- What is read, and how much of it, by the minute.
CREATE VIEW traffic AS
  SELECT path, count(*) AS hits, sum(bytes) AS bytes, max(bytes) AS largest
  FROM hits WHERE status < 400
  GROUP BY path, tumble(ts, '1 minute');

-- How requests end, by five minutes. The speed layer refuses events that are more than ten minutes late; the next batch counts them.
CREATE VIEW outcomes WITH (allowed_lateness = '10 minutes') AS
  SELECT CASE WHEN status < 300 THEN 'done' WHEN status < 400 THEN 'elsewhere' WHEN status < 500 THEN 'their fault' ELSE 'our fault' END AS outcome,
         method, count(*) AS hits, avg(bytes) AS mean_bytes
  FROM hits
  GROUP BY CASE WHEN status < 300 THEN 'done' WHEN status < 400 THEN 'elsewhere' WHEN status < 500 THEN 'their fault' ELSE 'our fault' END,
           method, tumble(ts, '5 minutes');

-- One event gives several rows: sizes and status codes in one table, over all of time.
CREATE VIEW extremes AS
  SELECT what, count(value) AS known, min(value) AS least, max(value) AS most
  FROM hits, LATERAL (VALUES ('bytes', bytes), ('status', status)) AS v(what, value)
  GROUP BY what;
