/* ---
materialize: incremental
key: [unit]
checks: [not_null(unit), unique(unit)]
description: Follows an append by the units that it touched.
--- */
SELECT unit, count(*) AS rows, sum(amount) AS amount
FROM stream.clicks
GROUP BY unit
