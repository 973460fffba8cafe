// The text that the loader's reader makes of a JSON value: the verdict of both sides goes by it.
import { isRawNumber, stringifyExact } from "@millrace/core";

/** @param value from readRecord, or any JSON value; a number without its spelling is taken for a whole one where it is one */
export function loaderText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? wholeText(value) : realText(value);
  if (isRawNumber(value)) return rawText(value.rawJSON);
  return stringifyExact(value);
}

function wholeText(value: number): string {
  return Number.isSafeInteger(value) ? String(value + 0) : BigInt(value).toString();
}

/** Whole numbers keep their digits; anything with a point or an exponent becomes a double, unless it is too large for one. */
function rawText(source: string): string {
  if (source === "-0") return "0";
  const value = Number(source);
  return Number.isFinite(value) ? realText(value) : source;
}

/** The shortest digits of a double, with an exponent below 1e-4 and from 1e16 on. */
function realText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  const sign = value < 0 ? "-" : "";
  const digits = mantissa.replace(/[^0-9]/g, "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}
