// The version of the installed package.
import { readFileSync } from "node:fs";

/** As `millrace --version` prints it. */
export function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return (json as { version: string }).version;
}
