/* ---
materialize: incremental
key: [store, day]
checks: [not_null(store), "unique(store, day)"]
description: Revenue by store and day (UTC), late and corrected sales included.
--- */
SELECT
  store,
  CAST(ts AS DATE) AS day,
  sum(amount) AS revenue,
  sum(qty) AS pieces,
  count(*) AS lines
FROM sales.sales
GROUP BY store, day
