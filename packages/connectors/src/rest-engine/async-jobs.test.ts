// Jobs on a real server: created, asked after, fetched; failed ones are created anew, endless ones are given up.
import { gzipSync } from "node:zlib";
import { systemClock, type Clock } from "@millrace/core";
import { expect, it } from "vitest";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../testing/api-server.ts";
import { engineStage, planOf, readAll } from "../testing/engine-stage.ts";
import type { AsyncRetriever, JobStatus, StreamPlan } from "./components.ts";
import { datetimeCursor } from "./cursors/datetime-cursor.ts";
import { csvDecoder, gzipDecoder, jsonDecoder } from "./decoders/decoders.ts";
import { singlePage } from "./paginators.ts";
import { listPartitioner } from "./partitioners.ts";
import { valueAtPath } from "./record-path.ts";
import { recordSelector } from "./record-selector.ts";
import type { StreamSlice } from "./slice.ts";

const answerOf = (slice: StreamSlice, step: "creation_response" | "polling_response", name: string): string =>
  String(valueAtPath(slice.extra[step], [name]));

function jobPlan(api: ApiServer, over: Partial<AsyncRetriever> = {}): StreamPlan {
  const requester = (method: string, path: (slice: StreamSlice) => string): AsyncRetriever["creation"] =>
    planOf(api.address, { method, path: ({ slice }) => path(slice) }).retriever.requester;
  const base = planOf(api.address, { path: "/", partitioner: listPartitioner({ field: "day", values: ["d1", "d2"] }) });
  const retriever: AsyncRetriever = {
    kind: "async",
    creation: requester("POST", ({ partition }) => `/jobs?day=${String(partition["day"])}`),
    polling: requester("GET", (slice) => `/jobs/${answerOf(slice, "creation_response", "id")}`),
    download: requester("GET", ({ extra }) => `/${String(extra["download_target"])}`),
    remove: requester("DELETE", (slice) => `/jobs/${answerOf(slice, "creation_response", "id")}`),
    abort: requester("POST", (slice) => `/jobs/${answerOf(slice, "creation_response", "id")}/abort`),
    decoder: jsonDecoder(),
    status: (polled) => String(valueAtPath(polled, ["status"])) as JobStatus,
    targets: (document) => valueAtPath(document, ["files"]) as string[],
    downloadDecoder: gzipDecoder(csvDecoder()),
    downloadPaginator: singlePage,
    selector: recordSelector({ path: [] }),
    pollTimeoutMs: 60_000,
    retryWaitMs: 1,
    jobsMax: 1,
    ...over,
  };
  return { ...base, retriever };
}

const quick = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 1), signal),
} as Clock;

/** Jobs go through the given states; each has two files of two rows. */
function jobApi(states: (job: string, poll: number) => string): Promise<ApiServer> {
  let jobs = 0;
  const polls = new Map<string, number>();
  return apiServer(({ method, url }, response) => {
    const [, kind = "", id = ""] = url.pathname.split("/");
    if (kind === "file") return response.end(gzipSync(`id,at\n${id}a,1\n${id}b,2\n`));
    if (method === "POST" && id === "")
      return sendJson(response, { id: `${url.searchParams.get("day")}-${(jobs += 1)}` });
    if (method !== "GET") return sendJson(response, {});
    if (id === "gone") return sendStatus(response, 404);
    polls.set(id, (polls.get(id) ?? 0) + 1);
    return sendJson(response, { status: states(id, polls.get(id) ?? 0), files: [`file/${id}-1`, `file/${id}-2`] });
  });
}

it("waits for each slice's job, fetches its results, and resumes within them", async () => {
  await using api = await jobApi((_, poll) => (poll < 3 ? "running" : "completed"));
  await using stage = engineStage({ clock: quick });
  const whole = await readAll(stage, jobPlan(api));
  expect(whole.records.map((record) => record["id"])).toEqual([
    "d1-1-1a",
    "d1-1-1b",
    "d1-1-2a",
    "d1-1-2b",
    "d2-2-1a",
    "d2-2-1b",
    "d2-2-2a",
    "d2-2-2b",
  ]);
  expect(api.seen.filter(({ method }) => method === "DELETE")).toHaveLength(2);
  const rest = await readAll(stage, jobPlan(api), { from: whole.places[3]! });
  expect(rest.records.map((record) => record["id"])).toEqual(["d2-2-2a", "d2-2-2b"]);
  // A job that the upstream no longer has is created anew, and read from its start.
  const place = { ...whole.places[3]!.place!, next: { created: { id: "gone" }, target: 1, next: null } };
  const anew = await readAll(stage, jobPlan(api), { from: { place } });
  expect(anew.records.map((record) => record["id"])).toEqual(["d2-3-1a", "d2-3-1b", "d2-3-2a", "d2-3-2b"]);
});

it("creates a failed job anew, leaves out one without data, and gives up after some", async () => {
  await using api = await jobApi((id) => (id === "d1-1" ? "failed" : id.startsWith("d2") ? "skipped" : "completed"));
  await using stage = engineStage({ clock: quick });
  expect((await readAll(stage, jobPlan(api))).records).toHaveLength(4);
  await using broken = await jobApi(() => "failed");
  await expect(readAll(stage, jobPlan(broken))).rejects.toMatchObject({
    code: "upstream-job-failed",
    details: { attempts: 3 },
  });
});

it("aborts a job that takes too long", async () => {
  await using api = await jobApi(() => "running");
  await using stage = engineStage({ clock: quick });
  await expect(readAll(stage, jobPlan(api, { pollTimeoutMs: 5 }))).rejects.toMatchObject({
    code: "upstream-job-failed",
  });
  expect(api.seen.filter(({ url }) => url.pathname.endsWith("/abort"))).toHaveLength(3);
});

it("creates jobs of the next windows beforehand, as many as the upstream takes", async () => {
  let underWay = 0;
  let most = 0;
  await using api = await jobApi((_, poll) => {
    if (poll === 1) most = Math.max(most, (underWay += 1));
    if (poll === 3) underWay -= 1;
    return poll < 3 ? "running" : "completed";
  });
  await using stage = engineStage({ clock: quick });
  const day = 86_400_000_000n;
  const cursor = datetimeCursor({
    field: "at",
    codec: { parse: (value) => BigInt(Number(value)) * day, format: (at) => Number(at / day) },
    start: () => 0n,
    end: () => 5n * day,
    step: { months: 0, micros: day },
    granularity: { months: 0, micros: day },
    strict: false,
    compares: "never",
  });
  const plan = { ...jobPlan(api, { jobsMax: 3 }), cursor };
  const { records } = await readAll(stage, { ...plan, partitioner: listPartitioner({ field: "day", values: ["d"] }) });
  expect(records).toHaveLength(5 * 4);
  expect(most).toBe(3);
});
