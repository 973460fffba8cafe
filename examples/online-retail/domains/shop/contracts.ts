// One invoice line of the shop. What the source does wrong is named here, rule by rule; nothing is repaired in silence.
import { contract, rule, sql, t } from "millrace";

export const InvoiceLine = contract(
  "invoice_lines",
  {
    // Six digits; C marks a cancellation, A a bad-debt adjustment.
    invoice_no: t
      .string()
      .from("InvoiceNo")
      .pattern(/^[CA]?[0-9]{6}$/),
    stock_code: t.string().from("StockCode"),
    description: t.string().from("Description").optional(),
    quantity: t.int32().from("Quantity").notOneOf(0),
    // Wall-clock time in the United Kingdom.
    invoice_date: t.timestamp({ zone: "Europe/London" }).from("InvoiceDate"),
    unit_price: t.decimal(12, 3).from("UnitPrice"),
    // Written as a float by the source: 17850.0. Missing for a quarter of the lines.
    customer_id: t
      .string()
      .from("CustomerID")
      .optional()
      .pattern(/^[0-9]{5}\.0$/),
    country: t.string().from("Country"),
  },
  [
    rule("adjustment", sql`NOT starts_with(invoice_no, 'A')`, "Bad-debt adjustments are no sales."),
    rule("price_positive", sql`unit_price > 0`, "Free samples and write-offs have no price."),
    rule("negative_is_cancelled", sql`quantity > 0 OR starts_with(invoice_no, 'C')`, "Stock corrections are no sales."),
  ],
);
