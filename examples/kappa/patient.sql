-- The second version of statuses: the stream path waits for an hour.
CREATE VIEW statuses WITH (allowed_lateness = '1 hour') AS
  SELECT status, count(*) AS hits
  FROM hits
  GROUP BY status, tumble(ts, '15 minutes');
