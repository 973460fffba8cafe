/* ---
materialize: table
checks: [not_null(invoice_no)]
description: Invoice lines without exact repetitions (the source repeats 5,268 lines), with the customer as a number and the value of the line.
--- */
SELECT
  invoice_no,
  stock_code,
  trim(description) AS description,
  quantity,
  invoice_date,
  unit_price,
  CAST(replace(customer_id, '.0', '') AS INTEGER) AS customer,
  country,
  starts_with(invoice_no, 'C') AS cancelled,
  quantity * unit_price AS value
FROM invoice_lines
QUALIFY row_number() OVER (
  PARTITION BY invoice_no, stock_code, invoice_lines.description, quantity, invoice_date, unit_price, customer_id, country
  ORDER BY _row
) = 1
