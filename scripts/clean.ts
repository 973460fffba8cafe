// Removes what builds and tests leave behind: `npm run clean`. Sources, installed packages and project data stay.
import { globSync, rmSync } from "node:fs";

const LEFTOVERS = ["packages/*/dist", ".tsbuild", ".reports", "coverage"];

for (const path of globSync(LEFTOVERS)) rmSync(path, { recursive: true, force: true });
