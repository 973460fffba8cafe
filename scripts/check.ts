// All static checks, one after the other: `npm run check`. Goes on after a failure, so that one run shows everything.
import { spawnSync } from "node:child_process";

const STEPS = ["check:types", "check:lint", "check:format", "check:unused", "check:tidy"];

const failed: string[] = [];
for (const step of STEPS) {
  console.log(`\n== ${step}`);
  const started = performance.now();
  const { status } = spawnSync("npm", ["run", "--silent", step], { stdio: ["ignore", "inherit", "inherit"] });
  console.log(
    `== ${step} ${status === 0 ? "passed" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (status !== 0) failed.push(step);
}

console.log(failed.length === 0 ? "\ncheck: all passed" : `\ncheck: ${failed.join(", ")} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
