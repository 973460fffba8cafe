/* ---
materialize: table
checks: [unique(customer), not_null(customer)]
description: Customers with at least two invoices that were not cancelled.
--- */
SELECT
  customer,
  count(DISTINCT invoice_no) AS invoices,
  sum(value) AS revenue,
  min(invoice_date) AS first_at,
  max(invoice_date) AS last_at
FROM sales
WHERE customer IS NOT NULL AND NOT cancelled
GROUP BY customer
HAVING count(DISTINCT invoice_no) >= 2
