// `clean`: the steps of `t.string().clean(...)`. Each says what it does to text; text that it does not know stays as it is.
import type { CleansingStep } from "./cleansing.ts";

export const clean = {
  /** Without white space at both ends. */
  trim: (): CleansingStep => ({ step: "trim" }),

  /** Each run of white space becomes one space. */
  collapse: (): CleansingStep => ({ step: "collapse" }),

  lower: (): CleansingStep => ({ step: "lower" }),

  upper: (): CleansingStep => ({ step: "upper" }),

  /** Texts that mean no value, exactly as written: `clean.nullIf("N/A", "-", "")`. */
  nullIf: (...values: readonly string[]): CleansingStep => ({ step: "nullIf", values }),

  /** Numbers of another spelling: `clean.number({ decimal: ",", group: "." })` reads 1.234,50. */
  number: (spelling: { readonly decimal: string; readonly group?: string }): CleansingStep => ({
    step: "number",
    decimal: spelling.decimal,
    group: spelling.group ?? "",
  }),

  /** Other formats of dates and times, the first that fits, of YYYY, MM or M, DD or D, HH or H, mm, ss: `clean.date("DD.MM.YYYY", "M/D/YYYY H:mm")`. */
  date: (...formats: readonly string[]): CleansingStep => ({ step: "date", formats }),

  /** Telephone numbers to `+` and digits; those that begin with one 0 get the calling code: `clean.phone("41")`. */
  phone: (callingCode: string): CleansingStep => ({ step: "phone", callingCode }),

  /** English names and codes of countries in any case to ISO 3166-1 alpha-2. */
  country: (): CleansingStep => ({ step: "country" }),

  /** Codes of currencies in any case to ISO 4217, and the signs € and £. */
  currency: (): CleansingStep => ({ step: "currency" }),

  /** Texts to others; those that are not in the list stay, or become missing. */
  map: (
    entries: Readonly<Record<string, string>>,
    options: { readonly others?: "keep" | "missing" } = {},
  ): CleansingStep => ({ step: "map", entries, others: options.others ?? "keep" }),

  /** The value where there is none. */
  default: (value: string | number | boolean): CleansingStep => ({ step: "default", value: String(value) }),
} as const;
