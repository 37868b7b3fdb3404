-- A metric, as `lk gen metric` makes it: a value every five minutes, for two weeks.
CREATE TABLE metrics (
  ts timestamptz, metric text, value numeric(8,2)
) WITH (event_time = ts, partition_by = metric, watermark = '10 minutes');

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

-- The z-score of each value as it comes, against the 24 values before it (two hours).
CREATE TABLE surprises WITH (event_time = ts) AS
  SELECT ts, metric, value, mean::numeric(8,2) AS mean, (abs(value - mean) / deviation)::numeric(8,1) AS z
  FROM (SELECT ts, metric, value, avg(value) OVER before AS mean, stddev_samp(value) OVER before AS deviation,
               count(*) OVER before AS n
        FROM metrics
        WINDOW before AS (PARTITION BY metric ORDER BY _off ROWS BETWEEN 24 PRECEDING AND 1 PRECEDING)) AS m
  WHERE n = 24 AND deviation > 0 AND abs(value - mean) > 5 * deviation;

-- What is unlike yesterday: the change since the same minute of the day before is far larger than such changes usually are. Usual
-- is their median absolute deviation over a day, which outliers do not move.
CREATE TABLE changes WITH (event_time = ts) AS
  SELECT ts, metric, value, change
  FROM (SELECT ts, metric, value, value - lag(value, 288) OVER (PARTITION BY metric ORDER BY _off) AS change
        FROM metrics) AS m
  WHERE change IS NOT NULL;

CREATE TABLE unlike_yesterday WITH (event_time = ts) AS
  SELECT ts, metric, value, change, mad
  FROM (SELECT ts, metric, value, change,
               approx_percentile(abs(change), 0.5) OVER before AS mad, count(*) OVER before AS n
        FROM changes
        WINDOW before AS (PARTITION BY metric ORDER BY _off ROWS BETWEEN 288 PRECEDING AND 1 PRECEDING)) AS c
  WHERE n = 288 AND abs(change) > 10 * mad;

CREATE VIEW unlike_by_hour AS
  SELECT metric, count(*) AS n, max(abs(change)) AS most
  FROM unlike_yesterday GROUP BY metric, tumble(ts, '1 hour');
