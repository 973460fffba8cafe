/* ---
materialize: table
description: The present prices with what is in stock.
--- */
SELECT p.id, p.amount, (SELECT count(*) FROM drops.stock) AS articles
FROM drops.prices AS p
