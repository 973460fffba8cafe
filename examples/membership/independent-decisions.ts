// The same decisions by other means, for the test: dates by arithmetic, no SQL, nothing of Millrace.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface PlainApplication {
  readonly name: string;
  readonly email: string;
  readonly born: string;
  readonly mobile: string;
}

/** The files have no quoted cells. */
export function readApplications(folder: string, files: readonly string[]): readonly PlainApplication[] {
  return files.flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [name = "", email = "", born = "", mobile = ""] = line.split(",");
        return { name, email, born, mobile };
      }),
  );
}

/** Ids of the accepted, sorted by code point. */
export function independentDecisions(
  applications: readonly PlainApplication[],
  { removeSpaces }: { readonly removeSpaces: boolean },
): readonly string[] {
  const accepted = applications.filter(({ email, born, mobile }) => {
    const digits = removeSpaces ? mobile.replaceAll(" ", "") : mobile;
    return digits.length === 8 && !digits.includes(" ") && /\.(com|net)$/.test(email) && dayNumber(born) < 20_040_101;
  });
  return accepted.map(({ name, born }) => `${lastName(name)}_${fiveOf(String(dayNumber(born)))}`).sort(byCodePoint);
}

/** YYYYMMDD as a number. */
function dayNumber(text: string): number {
  const parts = text.split(/[-/]/).map(Number);
  const [a = 0, b = 0, c = 0] = parts;
  if (a > 31) return a * 10_000 + b * 100 + c;
  return text.includes("/") ? c * 10_000 + a * 100 + b : c * 10_000 + b * 100 + a;
}

const around = new Set([
  "Mr.",
  "Mrs.",
  "Ms.",
  "Miss",
  "Dr.",
  "MD",
  "DDS",
  "DVM",
  "PhD",
  "Jr.",
  "Sr.",
  "I",
  "II",
  "III",
  "IV",
  "V",
]);

function lastName(name: string): string {
  return name.split(" ").findLast((word) => !around.has(word)) ?? "";
}

function fiveOf(birthday: string): string {
  return createHash("sha256").update(birthday).digest("hex").slice(0, 5);
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
