// What a translation of a contract lost, for people: one line each, on the side of the terminal that is not the answer.
import type { Loss } from "@millrace/contracts";

/** @param file that was read; its lines are named */
export function lossText(losses: readonly Loss[], file?: string): string {
  if (losses.length === 0) return "";
  const lines = losses.map(({ of, what, line }) => `  ${place(file, line)}${of}: ${what}`);
  const count = losses.length === 1 ? "1 thing is" : `${losses.length} things are`;
  return `${count} said differently, or not at all:\n${lines.join("\n")}\n`;
}

function place(file: string | undefined, line: number | undefined): string {
  return file === undefined || line === undefined ? "" : `${file}:${line}: `;
}
