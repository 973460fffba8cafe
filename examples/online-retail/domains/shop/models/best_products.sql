/* ---
materialize: table
checks: [unique(stock_code)]
description: Products by revenue, with the description that they carry most often. Service codes (postage, fees) are left out.
--- */
SELECT
  upper(stock_code) AS stock_code,
  mode(description ORDER BY description) AS description,
  sum(quantity) AS pieces,
  sum(value) AS revenue
FROM sales
WHERE regexp_matches(stock_code, '^[0-9]{5}[A-Za-z]*$')
GROUP BY upper(stock_code)
