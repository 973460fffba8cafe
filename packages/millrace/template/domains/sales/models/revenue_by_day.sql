/* ---
materialize: table
description: What each store earned on each day.
checks: [not_null(store), unique(day, store)]
--- */
SELECT
  CAST(sold_at AS DATE) AS day,
  store,
  sum(quantity * (price - coalesce(discount, 0))) AS revenue,
  count(*) AS sales
FROM sales
GROUP BY ALL
