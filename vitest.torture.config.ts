// Runs of the torture harness with planted bugs: minutes, so apart from `npm test`. The harness itself is `npm run torture`.
import { defineConfig } from "vitest/config";

const conditions = ["millrace-source"];
const report = process.env["MILLRACE_TEST_REPORT"];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: "torture",
    include: ["tests/torture/planted/*.test.ts"],
    pool: "forks",
    setupFiles: ["./scripts/keep-type-stripper.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    fileParallelism: false,
    testTimeout: 240_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
