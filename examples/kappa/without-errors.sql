-- The second version of traffic: error pages do not count as read.
CREATE VIEW traffic AS
  SELECT path, count(*) AS hits, sum(bytes) AS bytes
  FROM hits WHERE status < 400
  GROUP BY path, tumble(ts, '1 minute');
