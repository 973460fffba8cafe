// Parity as a proof: golden files prove enough, every stream equals the reference but for a list that may only shrink, and wrong engines are found out.
import { describe, expect, it } from "vitest";
import type {
  CursorStrategy,
  SimpleRetriever,
  StreamPlan,
} from "../../packages/connectors/src/rest-engine/components.ts";
import { checkStream } from "./check-stream.ts";
import { coverageGaps } from "./coverage.ts";
import { goldenNames, readGolden, type GoldenStream } from "./golden.ts";
import known from "./known-differences.json" with { type: "json" };
import { MANIFEST_FOLDER, manifestNames, manifestPath } from "./manifests.ts";
import { millraceReader, type PlanChange } from "./millrace-reader.ts";
import { checkManifest } from "./parity-report.ts";

const TIMEOUT_MS = 240_000;
const present = new Set(manifestNames());
const compared = goldenNames().filter((name) => present.has(name));

/** What is not as the list says: places that it does not name, and names that are not needed any more. */
function unlisted(found: ReadonlyMap<string, string>, listed: Readonly<Record<string, string>>): readonly string[] {
  const fresh = [...found].filter(([place]) => !Object.hasOwn(listed, place)).map(([place, why]) => `${place}: ${why}`);
  const stale = Object.keys(listed).filter((place) => present.has(place.split("/")[0] ?? "") && !found.has(place));
  return [...fresh, ...stale.map((place) => `${place}: is listed, but as it should be`)];
}

describe("golden files", () => {
  it("prove what the manifests declare: records, pages, partitions, a second sync", () => {
    const gaps = new Map<string, string>();
    for (const name of goldenNames())
      for (const stream of readGolden(name).streams) {
        const found = coverageGaps(stream);
        if (found.length > 0) gaps.set(`${name}/${stream.stream}`, found.join(", "));
      }
    expect(unlisted(gaps, known.coverage)).toEqual([]);
  });
});

describe("streams", () => {
  // The manifests are not ours, so they are not in the project: where they are absent there is nothing to compare.
  it.runIf(compared.length > 0)(
    `equal the reference, of the manifests in ${MANIFEST_FOLDER}`,
    async () => {
      const read = millraceReader();
      const unequal = new Map<string, string>();
      for (const name of compared)
        for (const { stream, outcome, reason = "" } of (await checkManifest(name, read)).streams)
          if (outcome !== "equal") unequal.set(`${name}/${stream}`, reason);
      expect(unlisted(unequal, known.differences)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

/** Applies to streams with one request per page. */
function simple(change: (retriever: SimpleRetriever, plan: StreamPlan) => Partial<StreamPlan>): PlanChange {
  return (plan) => (plan.retriever.kind === "simple" ? { ...plan, ...change(plan.retriever, plan) } : plan);
}

const wrongToken = simple((retriever) => ({
  retriever: {
    ...retriever,
    paginator: {
      ...retriever.paginator,
      next: (page) => {
        const token = retriever.paginator.next(page);
        return typeof token === "string" ? `${token}x` : typeof token === "number" ? token + 1 : token;
      },
    },
  },
}));

/** The last window is left out. */
function shortened(cursor: CursorStrategy): CursorStrategy {
  return {
    ...cursor,
    open: (context, state) => {
      const opened = cursor.open(context, state);
      return Object.assign(Object.create(opened) as typeof opened, {
        windows: (partition: Parameters<typeof opened.windows>[0]) => [...opened.windows(partition)].slice(0, -1),
      });
    },
  };
}

const wrongBound = simple((_, plan) => (plan.cursor === undefined ? {} : { cursor: shortened(plan.cursor) }));
const noSteps = simple((retriever) => ({
  retriever: { ...retriever, selector: { ...retriever.selector, steps: [] } },
}));

describe("a wrong engine is found out", () => {
  const cases: readonly (readonly [string, string, string, PlanChange])[] = [
    ["a wrong next-page token", "secoda", "tables", wrongToken],
    ["a wrong cursor bound", "nasa", "nasa_apod", wrongBound],
    ["a filter that is dropped", "captain-data", "successful_jobs", noSteps],
  ];
  for (const [what, manifest, name, change] of cases)
    // As above: a clone without the manifests has nothing to read.
    it.runIf(present.has(manifest))(`by ${what}`, async () => {
      const stream = readGolden(manifest).streams.find((one) => one.stream === name) as GoldenStream;
      expect(await checkStream(manifestPath(manifest), stream, millraceReader())).toMatchObject({ outcome: "equal" });
      expect(await checkStream(manifestPath(manifest), stream, millraceReader(change))).toMatchObject({
        outcome: "different",
      });
    });
});
