// End-to-end tests: whole processes over HTTP. Slower than the unit tests, so apart from `npm test`.
import { defineConfig } from "vitest/config";

const conditions = ["millrace-source"];
const report = process.env["MILLRACE_TEST_REPORT"];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: "e2e",
    include: ["tests/e2e/**/*.test.ts", "packages/*/src/**/*.e2e.test.ts"],
    pool: "forks",
    setupFiles: ["./scripts/keep-type-stripper.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
