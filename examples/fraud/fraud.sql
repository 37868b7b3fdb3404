-- Payments by card, as `lk gen payments` makes them. The home of a card is known to its bank.
CREATE TABLE payments (
  ts timestamptz, card text, amount numeric(10,2), place text, home text
) WITH (event_time = ts, partition_by = card, watermark = '1 minute');

-- Fraud: above three times the mean of all that the card has paid before, away from home, less than a minute after the payment before.
CREATE TABLE suspicious WITH (event_time = ts) AS
  SELECT ts, card, amount, place, home, mean::numeric(10,2) AS mean, seconds
  FROM (SELECT ts, card, amount, place, home,
               avg(amount) OVER before AS mean, count(*) OVER before AS payments,
               extract(epoch FROM ts - lag(ts) OVER (PARTITION BY card ORDER BY _off)) AS seconds
        FROM payments
        WINDOW before AS (PARTITION BY card ORDER BY _off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS p
  WHERE payments >= 3 AND amount > 3 * mean AND place <> home AND seconds < 60;

-- How many and how much, by the hour.
CREATE VIEW frauds AS
  SELECT count(*) AS payments, count(DISTINCT card) AS cards, sum(amount) AS amount
  FROM suspicious GROUP BY tumble(ts, '1 hour');
