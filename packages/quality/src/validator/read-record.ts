// Reads the JSON text of one record for the validator, so that it sees the same spelling of numbers as the loader, which reads text.
import { parseExact } from "@millrace/core";

/**
 * Numbers that JavaScript would spell in another way: a fraction that ends in 0, an exponent, sixteen digits or more, a very small fraction, -0. It may
 * match inside a string as well, which only costs time.
 */
const oddNumber = /[:,[]\s*-?(?:\d+\.\d*0(?!\d)|[\d.]+[eE]|\d[\d.]{15}|0\.0{6})|[:,[]\s*-0(?![\d.])/;

/**
 * The record as JavaScript values; a number that would lose its spelling comes as a bigint or as a RawNumber of core.
 *
 * @throws SyntaxError when the text is no JSON
 */
export function readRecord(text: string): unknown {
  return oddNumber.test(text) ? parseExact(text) : JSON.parse(text);
}
