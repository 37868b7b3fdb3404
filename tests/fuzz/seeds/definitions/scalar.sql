CREATE VIEW v AS WITH x AS (SELECT *, lower(path) AS p, CASE WHEN ok THEN status ELSE -1 END AS s FROM hits WHERE path ~ '^/[a-z]+$')
SELECT coalesce(p, 'none') AS p, round(100.0 * count(*) FILTER (WHERE s >= 500) / count(*), 2) AS r, stddev_samp(d) AS d
FROM x WHERE ts > '2015-05-17T10:00:00Z' AND NOT (s IN (1, 2, NULL) OR p IS NOT DISTINCT FROM 'a''b')
GROUP BY coalesce(p, 'none'), tumble(ts, '1 day', 'Europe/Berlin'); -- end
