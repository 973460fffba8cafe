/* ---
materialize: view
description: The price of every product now. A flash sale beats a weekly promotion, which beats the list price.
--- */
SELECT
  products.sku,
  coalesce(active.price, products.list_price) AS price,
  coalesce(active.kind, 'list') AS source,
  active.promo_id
FROM catalog.products AS products
LEFT JOIN (
  SELECT sku, promo_id, price, kind
  FROM promotions.promotions
  WHERE starts <= now() AND ends > now()
  QUALIFY row_number() OVER (PARTITION BY sku ORDER BY kind = 'flash' DESC, starts DESC, promo_id) = 1
) AS active ON active.sku = products.sku
