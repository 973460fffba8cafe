/* ---
materialize: incremental
key: [id]
checks: [not_null(id), unique(id)]
description: Orders with what was paid; payments that came before their order are among them.
--- */
SELECT o.id, max(o.version) AS version, count(p.id) AS payments, coalesce(sum(p.amount), 0) AS paid
FROM stream.orders AS o
LEFT JOIN stream.payments AS p ON p.order_id = o.id
GROUP BY o.id
