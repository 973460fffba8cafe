/* ---
materialize: incremental
key: [warehouse, sku]
checks: [not_null(sku), "unique(warehouse, sku)"]
description: Stock per warehouse and product, the sum of all movements.
--- */
SELECT warehouse, sku, sum(delta) AS pieces, max(seq) AS last_seq, count(*) AS movements
FROM inventory.movements
GROUP BY warehouse, sku
