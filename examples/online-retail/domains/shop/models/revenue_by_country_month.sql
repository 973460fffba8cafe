/* ---
materialize: table
checks: ["unique(country, month)", not_null(country)]
description: Revenue after cancellations by country and month (UK time).
--- */
SELECT
  country,
  CAST(date_trunc('month', invoice_date AT TIME ZONE 'Europe/London') AS DATE) AS month,
  sum(value) AS revenue,
  count(DISTINCT invoice_no) AS invoices,
  count(*) AS lines
FROM sales
GROUP BY country, month
