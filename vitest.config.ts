// Test runner settings: every package, the examples and the code's own rules. `npm run e2e` (whole processes: tests/e2e and *.e2e.test.ts) uses
// vitest.e2e.config.ts, the torture harness vitest.torture.config.ts.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Workspace packages resolve to their TypeScript sources, as they do under `node --conditions=millrace-source`.
const conditions = ["millrace-source"];
const report = process.env["MILLRACE_TEST_REPORT"];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // A process per file: an engine that aborts takes one file with it. Threads were measured to be no faster over the whole suite.
    pool: "forks",
    // Three at once also where there are but two processors: a good part of a test is waiting for threads, disks and processes.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Threads that run sources start in half the time where an earlier one has stripped and compiled them.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("./node_modules/.cache/compiled", import.meta.url)) },
    setupFiles: ["./scripts/keep-type-stripper.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts"],
      reportsDirectory: "coverage",
    },
    projects: [
      {
        extends: true,
        test: {
          name: "packages",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: ["**/*.e2e.test.ts", "**/node_modules/**"],
        },
      },
      { extends: true, test: { name: "examples", include: ["examples/*/**/*.test.ts"] } },
      { extends: true, test: { name: "benchmarks", include: ["benchmarks/**/*.test.ts"] } },
      { extends: true, test: { name: "properties", include: ["tests/properties/**/*.test.ts"] } },
      { extends: true, test: { name: "simulation", include: ["tests/simulation/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "torture", include: ["tests/torture/**/*.test.ts"], exclude: ["tests/torture/planted/**"] },
      },
      { extends: true, test: { name: "parity", include: ["tests/parity/**/*.test.ts"] } },
      { extends: true, test: { name: "tidy", include: ["tests/tidy/**/*.test.ts", "scripts/**/*.test.ts"] } },
    ],
  },
});
