/* ---
materialize: incremental
key: [order_id]
checks: [not_null(order_id), unique(order_id)]
description: One row per order with its state and value.
--- */
SELECT
  order_id,
  count(*) AS lines,
  sum(qty * price) AS value,
  count(*) FILTER (status = 'shipped') AS shipped,
  count(*) FILTER (status = 'cancelled') AS cancelled,
  max(ts) AS changed_at
FROM orders.order_lines
GROUP BY order_id
