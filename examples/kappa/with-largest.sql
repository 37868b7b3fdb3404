-- The third version of traffic: with the largest answer.
CREATE VIEW traffic AS
  SELECT path, count(*) AS hits, sum(bytes) AS bytes, max(bytes) AS largest
  FROM hits WHERE status < 400
  GROUP BY path, tumble(ts, '1 minute');
