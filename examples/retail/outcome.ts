// What `npm start` prints: per channel the equation of its counts, every comparison that differs, and the time.
import type { World } from "./simulator/shape.ts";
import type { Comparison } from "./verify.ts";

export interface Outcome {
  readonly world: World;
  readonly comparisons: readonly Comparison[];
  /** Rows that were there before this run. */
  readonly loadedBefore: bigint;
  readonly oms: { readonly requests: number; readonly faults: number; readonly repeated: number };
  readonly upstream: { readonly requests: number; readonly faults: number; readonly overLimit: number };
  readonly seconds: number;
}

/** Returns true when everything equals the truth. */
export function printOutcome(outcome: Outcome): boolean {
  const { world, comparisons, upstream } = outcome;
  const wrong = comparisons.filter((one) => one.expected !== one.served);
  const received = Object.values(world.truth.channels).reduce((sum, channel) => sum + channel.received, 0);
  console.log("received = accepted + quarantined + duplicate");
  for (const name of Object.keys(world.truth.channels)) {
    const served = comparisons.find((one) => one.name === name)?.served ?? "nothing";
    console.log(`  ${name.padEnd(22)} ${served}`);
  }
  for (const one of wrong) console.log(`DIFFERS ${one.name}: expected ${one.expected}, served ${one.served}`);
  console.log(
    `upstream: ${upstream.requests} requests, ${upstream.faults} answered with faults, ${upstream.overLimit} above its limit`,
  );
  console.log(
    `order management: ${outcome.oms.requests} requests, ${outcome.oms.faults} answered with faults, ${outcome.oms.repeated} sent again under a known key`,
  );
  console.log(
    `rows loaded by this run: ${BigInt(received) - outcome.loadedBefore} (${outcome.loadedBefore} were there before)`,
  );
  console.log(
    `${comparisons.length - wrong.length} of ${comparisons.length} figures equal the truth; seed ${world.seed}, ${outcome.seconds.toFixed(1)} s`,
  );
  return wrong.length === 0;
}
