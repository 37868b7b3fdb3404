-- Readings of devices, as `lk gen sensors` makes them: temperature in degrees Celsius, pressure in bar.
CREATE TABLE readings (
  ts timestamptz, device text, temperature numeric(6,2), pressure numeric(5,2)
) WITH (event_time = ts, partition_by = device, watermark = '30 seconds');

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

-- Alerts: a device is hot once it is above 80 degrees, and cooled once it is below 70. Between the two nothing changes, so readings
-- that tremble about a bound raise no second alert. What is between them is left out first; then an alert is where a reading differs
-- from the one before.
CREATE TABLE heat_alerts WITH (event_time = ts) AS
  SELECT ts, device, CASE WHEN above THEN 'hot' ELSE 'cooled' END AS alert, temperature
  FROM (SELECT ts, device, temperature, temperature > 80 AS above,
               lag(temperature > 80, 1, FALSE) OVER (PARTITION BY device ORDER BY _off) AS was_above
        FROM readings WHERE temperature > 80 OR temperature < 70) AS decisive
  WHERE above <> was_above;

CREATE TABLE pressure_alerts WITH (event_time = ts) AS
  SELECT ts, device, CASE WHEN above THEN 'pressure' ELSE 'relieved' END AS alert, pressure
  FROM (SELECT ts, device, pressure, pressure > 3 AS above,
               lag(pressure > 3, 1, FALSE) OVER (PARTITION BY device ORDER BY _off) AS was_above
        FROM readings WHERE pressure > 3 OR pressure < 2.5) AS decisive
  WHERE above <> was_above;

-- The devices that were hot most often, by the day.
CREATE VIEW hot_devices AS
  SELECT device, count(*) FILTER (WHERE alert = 'hot') AS alerts, max(temperature) AS hottest
  FROM heat_alerts GROUP BY device, tumble(ts, '1 day')
  ORDER BY alerts DESC LIMIT 3;
