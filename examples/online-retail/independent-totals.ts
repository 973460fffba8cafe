// Totals of the source file by a reader of its own: no engine of Millrace, no floating point. Money is in thousandths of a pound.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

export interface Totals {
  readonly received: number;
  readonly accepted: number;
  /** Accepted lines without exact repetitions. */
  readonly distinct: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly revenueMilli: bigint;
  readonly countryMonths: number;
  readonly products: number;
  readonly repeatCustomers: number;
}

export async function independentTotals(file: string): Promise<Totals> {
  const lines = createInterface({
    input: createReadStream(file).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const codes: Record<string, number> = {};
  const distinct = new Set<string>();
  let received = -1;
  let accepted = 0;
  for await (const line of lines) {
    received += 1;
    if (received === 0) continue;
    const failed = failedCodes(cells(line));
    for (const code of failed) codes[code] = (codes[code] ?? 0) + 1;
    if (failed.length > 0) continue;
    accepted += 1;
    distinct.add(line);
  }
  return { received, accepted, distinct: distinct.size, codes, ...sums(distinct) };
}

function failedCodes([invoice = "", , , quantity = "", , price = ""]: readonly string[]): string[] {
  const failed: string[] = [];
  if (invoice.startsWith("A")) failed.push("invoice_lines.row.adjustment");
  if (milli(price) <= 0n) failed.push("invoice_lines.row.price_positive");
  if (Number(quantity) <= 0 && !invoice.startsWith("C")) failed.push("invoice_lines.row.negative_is_cancelled");
  return failed;
}

function sums(
  distinct: ReadonlySet<string>,
): Pick<Totals, "revenueMilli" | "countryMonths" | "products" | "repeatCustomers"> {
  let revenueMilli = 0n;
  const countryMonths = new Set<string>();
  const products = new Set<string>();
  const invoices = new Map<string, Set<string>>();
  for (const line of distinct) {
    const [invoice = "", stock = "", , quantity = "", date = "", price = "", customer = "", country = ""] = cells(line);
    revenueMilli += BigInt(quantity) * milli(price);
    countryMonths.add(`${country} ${date.slice(0, 7)}`);
    if (/^\d{5}[A-Za-z]*$/.test(stock)) products.add(stock.toUpperCase());
    if (customer === "" || invoice.startsWith("C")) continue;
    invoices.set(customer, (invoices.get(customer) ?? new Set()).add(invoice));
  }
  const repeatCustomers = [...invoices.values()].filter((own) => own.size > 1).length;
  return { revenueMilli, countryMonths: countryMonths.size, products: products.size, repeatCustomers };
}

/** `2.55` is 2550. */
function milli(price: string): bigint {
  const [whole = "0", fraction = ""] = price.replace("-", "").split(".");
  return BigInt(whole + fraction.padEnd(3, "0")) * (price.startsWith("-") ? -1n : 1n);
}

/** Cells of one CSV line; quotes double inside quotes. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) =>
    (match[1] ?? match[2] ?? "").replaceAll('""', '"'),
  );
}
