-- Readings of devices, as `lk gen sensors` makes them: temperature in degrees Celsius, pressure in bar.
CREATE TABLE readings (
  ts timestamptz, device text, temperature numeric(6,2), pressure numeric(5,2)
) WITH (event_time = ts, partition_by = device, partitions = 2, watermark = '30 seconds');

-- How each device is, by ten minutes. One event gives two rows: a measure and its value.
CREATE VIEW conditions AS
  SELECT device, measure, min(value) AS least, round(avg(value), 2) AS mean, max(value) AS most
  FROM readings, LATERAL (VALUES ('temperature', temperature), ('pressure', pressure)) AS m(measure, value)
  GROUP BY device, measure, tumble(ts, '10 minutes');

-- The ten minutes in which a device was too hot, or its pressure too high, and for how many readings.
CREATE VIEW too_much AS
  SELECT device, count(*) FILTER (WHERE temperature > 80) AS too_hot, count(*) FILTER (WHERE pressure > 3) AS too_high,
         max(temperature) AS hottest, max(pressure) AS highest
  FROM readings GROUP BY device, tumble(ts, '10 minutes')
  HAVING max(temperature) > 80 OR max(pressure) > 3;
