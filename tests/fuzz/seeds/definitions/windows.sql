CREATE VIEW v AS SELECT path, count(*) AS n, sum(bytes) / count(*) AS mean FROM hits
  WHERE status BETWEEN 200 AND 399 AND path LIKE '/a%' GROUP BY path, hop(ts, '10 s', '1 minute') HAVING count(*) > 3 ORDER BY n DESC LIMIT 3;
CREATE VIEW w WITH (allowed_lateness = '10 min', retention = '7 days') AS
  SELECT count(DISTINCT ip) AS u, top_k(path, 5) AS t, approx_percentile(bytes, 0.95) AS p FROM hits GROUP BY session(ts, '30 min');
CREATE VIEW x AS SELECT b, first(status) AS f, max(ts) - min(ts) IS NULL AS g FROM hits, LATERAL (VALUES (ip, 1), ('x', status + 1)) AS l(b, c)
  GROUP BY b, cumulate(ts, '1 h', '1 day');
