-- Measurements, and beside each of them the mean of the last five of its series.
CREATE TABLE measurements (
  ts timestamptz, series text, value int
) WITH (event_time = ts, partition_by = series);

CREATE TABLE smoothed WITH (event_time = ts) AS
  SELECT ts, series, value,
         avg(value) OVER (PARTITION BY series ORDER BY _off ROWS 4 PRECEDING)::numeric(10,2) AS mean
  FROM measurements;
