-- What shops sold (examples/sales/sales.csv), and a view over it.
CREATE TABLE sales (
  time timestamptz, shop text, article text, price numeric(8,2)
) WITH (event_time = time, partition_by = shop);

CREATE VIEW turnover AS
  SELECT shop, count(*) AS sold, sum(price) AS turnover
  FROM sales GROUP BY shop, tumble(time, '1 minute');
