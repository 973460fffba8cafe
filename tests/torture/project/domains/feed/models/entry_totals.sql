/* ---
materialize: table
description: Built anew with every change of its input.
--- */
SELECT unit, count(*) AS rows, sum(amount) AS amount, max(seq) AS newest
FROM feed.entries
GROUP BY unit
