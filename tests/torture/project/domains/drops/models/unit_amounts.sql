/* ---
materialize: incremental
key: [unit]
checks: [not_null(unit), unique(unit)]
description: Rows and amount of every file, also of those that were written again.
--- */
SELECT unit, count(*) AS rows, sum(amount) AS amount
FROM drops.lines
GROUP BY unit
