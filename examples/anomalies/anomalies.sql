-- A metric, as `lk gen metric` makes it: a value every five minutes, for two weeks.
CREATE TABLE metrics (
  ts timestamptz, metric text, value numeric(8,2)
) WITH (event_time = ts, partition_by = metric, watermark = '10 minutes');

-- What is usual, by the hour of the day.
CREATE VIEW profile AS
  SELECT metric, extract(hour FROM ts) AS hour, round(avg(value), 2) AS mean, min(value) AS least, max(value) AS most
  FROM metrics GROUP BY metric, hour;

-- The z-score: two hours of which some value is more than three standard deviations from their mean.
CREATE VIEW outliers AS
  SELECT metric, round(avg(value), 2) AS mean, min(value) AS least, max(value) AS most,
         round((greatest(max(value) - avg(value), avg(value) - min(value)) / nullif(stddev_samp(value), 0))::numeric(10,2), 2) AS z
  FROM metrics GROUP BY metric, tumble(ts, '2 hours')
  HAVING greatest(max(value) - avg(value), avg(value) - min(value)) > 3 * stddev_samp(value);

-- An hour in which the value does not move at all: the sensor hangs.
CREATE VIEW stuck AS
  SELECT metric, count(*) AS readings, max(value) AS value
  FROM metrics GROUP BY metric, tumble(ts, '1 hour')
  HAVING count(*) > 1 AND min(value) = max(value);
