/* ---
materialize: table
checks: ["unique(sku, day)"]
description: What the forecasting system takes over, sold pieces per product and day.
--- */
SELECT sku, CAST(ts AS DATE) AS day, sum(qty) AS pieces
FROM sales.sales
GROUP BY sku, day
