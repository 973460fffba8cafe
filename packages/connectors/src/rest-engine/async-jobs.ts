// Streams whose upstream prepares their records: a job is created for each slice, asked after until it is done, and its results are fetched.
import { isMillraceError, MillraceError } from "@millrace/core";
import { joinParts } from "./build-request.ts";
import type {
  AsyncRetriever,
  EngineContext,
  JobStatus,
  OpenCursor,
  OpenPartitions,
  Requester,
  StreamPlan,
} from "./components.ts";
import { keepable } from "./keepable.ts";
import { PageWalk, type PageAt } from "./page-walk.ts";
import type { RequestParts } from "./request.ts";
import { sendRequest } from "./send-request.ts";
import type { Fields, PageToken, StreamSlice } from "./slice.ts";

export interface JobParts {
  readonly context: EngineContext;
  readonly plan: StreamPlan & { readonly retriever: AsyncRetriever };
  readonly cursor: OpenCursor | undefined;
  readonly partitions: OpenPartitions | undefined;
}

/** Jobs of one slice that are created before it is given up. */
const jobAttemptsMax = 3;
/** Pauses between two questions grow from the first to the last. */
const pollMs = { first: 1_000, last: 30_000 };
const answerBytesMax = 16 * 1024 * 1024;

/** A page's place in a job's results. */
interface JobPlace {
  /** What the upstream answered when the job was created. */
  readonly created: unknown;
  readonly target: number;
  readonly next: PageToken;
}

/** The pages of one slice's job. A read that goes on asks for the job that it had; if that is gone, its successor is read from the start. */
export async function* jobPages(
  parts: JobParts,
  slice: StreamSlice,
  { token, jobs }: { readonly token: PageToken; readonly jobs: JobsAhead | undefined },
  signal: AbortSignal,
): AsyncGenerator<PageAt> {
  const { retriever } = parts.plan;
  const place = (token ?? undefined) as JobPlace | undefined;
  const before = place === undefined ? undefined : await earlierJob(parts, slice, place, signal);
  const job = before ?? (await (jobs?.take(slice) ?? finishedJob(parts, slice, signal)));
  if (job === undefined) return;
  yield* results(parts, { slice, job, from: before === undefined ? undefined : place }, signal);
  if (retriever.remove !== undefined) await ask(parts, retriever.remove, job, signal);
}

/** Jobs of neighbouring slices run side by side at the upstream, as many as it takes. */
export class JobsAhead {
  readonly #parts: JobParts;
  readonly #slices: readonly StreamSlice[];
  readonly #signal: AbortSignal;
  readonly #jobs = new Map<StreamSlice, ReturnType<typeof finishedJob>>();
  #started = 0;

  constructor(parts: JobParts, slices: readonly StreamSlice[], signal: AbortSignal) {
    this.#parts = parts;
    this.#slices = slices;
    this.#signal = signal;
  }

  /** The job of a slice; slices are taken in their order. */
  take(slice: StreamSlice): ReturnType<typeof finishedJob> | undefined {
    const end = this.#slices.indexOf(slice) + Math.max(1, this.#parts.plan.retriever.jobsMax);
    for (; this.#started < Math.min(end, this.#slices.length); this.#started += 1) {
      const next = this.#slices[this.#started] as StreamSlice;
      const job = finishedJob(this.#parts, next, this.#signal);
      // Whoever takes it sees its error.
      job.catch(() => undefined);
      this.#jobs.set(next, job);
    }
    const job = this.#jobs.get(slice);
    this.#jobs.delete(slice);
    return job;
  }
}

async function* results(
  parts: JobParts,
  { slice, job, from }: { readonly slice: StreamSlice; readonly job: StreamSlice; readonly from: JobPlace | undefined },
  signal: AbortSignal,
): AsyncGenerator<PageAt> {
  const created = job.extra["creation_response"];
  for (const [target, address] of (await targetsOf(parts, job, signal)).entries()) {
    if (target < (from?.target ?? 0)) continue;
    const download = withExtra(job, { download_target: address });
    const token = target === from?.target ? (from.next ?? undefined) : undefined;
    const walk = new PageWalk({ ...parts, plan: downloadPlan(parts.plan) });
    const placeOf = (next: PageToken): JobPlace => ({ created, target, next: next ?? null });
    for await (const { content, token: at, next } of walk.pages(download, token === undefined ? {} : { token }, signal))
      yield { content, slice, token: placeOf(at), next: next === undefined ? undefined : placeOf(next) };
  }
}

/** Results are fetched like the pages of any stream. */
function downloadPlan({
  retriever,
  cursor,
  ...plan
}: JobParts["plan"]): ConstructorParameters<typeof PageWalk>[0]["plan"] {
  return {
    ...plan,
    ...(cursor === undefined ? {} : { cursor }),
    retriever: {
      kind: "simple",
      requester: retriever.download,
      decoder: retriever.downloadDecoder,
      selector: retriever.selector,
      paginator: retriever.downloadPaginator,
      bytesMax: downloadBytesMax,
      // The job was created for the slice.
      sliceParts: "never",
    },
  };
}

const downloadBytesMax = 512 * 1024 * 1024;

/** The job of an earlier read, as far as the upstream still has it. */
async function earlierJob(
  parts: JobParts,
  slice: StreamSlice,
  { created }: JobPlace,
  signal: AbortSignal,
): Promise<StreamSlice | undefined> {
  const job = withExtra(slice, { creation_response: created });
  try {
    const { status, polled } = await settled(parts, job, signal);
    return status === "completed" ? withExtra(job, { polling_response: polled }) : undefined;
  } catch (thrown) {
    if (!isMillraceError(thrown, "upstream-refused")) throw thrown;
    return undefined;
  }
}

/** The slice with the answers of the job; undefined when the upstream says that there is nothing. @throws MillraceError upstream-job-failed */
async function finishedJob(parts: JobParts, slice: StreamSlice, signal: AbortSignal): Promise<StreamSlice | undefined> {
  const { retriever, name } = parts.plan;
  for (let attempt = 1; ; attempt += 1) {
    const created = keepable(await ask(parts, retriever.creation, slice, signal));
    const job = withExtra(slice, { creation_response: created });
    const { status, polled } = await settled(parts, job, signal);
    if (status === "completed") return withExtra(job, { polling_response: polled });
    if (status === "skipped") return undefined;
    parts.context.log.warn("a job of the upstream did not succeed", { stream: name, status, attempt });
    if (attempt >= jobAttemptsMax)
      throw new MillraceError(
        "upstream-job-failed",
        `Stream "${name}": the upstream's job ended as ${status}, ${attempt} times.`,
        {
          details: { stream: name, status, attempts: attempt },
        },
      );
    if (status === "failed" && retriever.retryWaitMs > 0)
      await parts.context.clock.sleep(retriever.retryWaitMs, signal);
  }
}

/** Asks until the job is done, or has taken too long and is aborted. */
async function settled(
  parts: JobParts,
  job: StreamSlice,
  signal: AbortSignal,
): Promise<{ readonly status: Exclude<JobStatus, "running">; readonly polled: unknown }> {
  const { context, plan } = parts;
  const { retriever } = plan;
  const endsMs = context.clock.monotonicMs() + retriever.pollTimeoutMs;
  for (let waitMs = pollMs.first; ; waitMs = Math.min(waitMs * 2, pollMs.last)) {
    const polled = await ask(parts, retriever.polling, job, signal);
    const status = retriever.status(polled);
    if (status !== "running") return { status, polled };
    const leftMs = endsMs - context.clock.monotonicMs();
    if (leftMs <= 0) {
      if (retriever.abort !== undefined)
        await ask(parts, retriever.abort, withExtra(job, { polling_response: polled }), signal);
      return { status: "timed-out", polled };
    }
    context.log.debug("waiting for a job of the upstream", { stream: plan.name, waitMs, leftMs: Math.round(leftMs) });
    await context.clock.sleep(Math.min(waitMs, leftMs), signal);
  }
}

/** Addresses of the results, or what else the download asks by. */
async function targetsOf(parts: JobParts, job: StreamSlice, signal: AbortSignal): Promise<readonly string[]> {
  const { retriever } = parts.plan;
  const polled = job.extra["polling_response"];
  return retriever.targets(retriever.target === undefined ? polled : await ask(parts, retriever.target, job, signal));
}

function withExtra(slice: StreamSlice, extra: Fields): StreamSlice {
  return { ...slice, extra: { ...slice.extra, ...extra } };
}

/** One question; its document. Partitioner and cursor add to the creation alone. */
async function ask(parts: JobParts, requester: Requester, slice: StreamSlice, signal: AbortSignal): Promise<unknown> {
  const { context, plan, cursor, partitions } = parts;
  const isCreation = requester === plan.retriever.creation;
  const added: RequestParts[] = isCreation ? [partitions?.parts(slice) ?? {}, cursor?.parts(slice) ?? {}] : [];
  const sent = await sendRequest<unknown>(
    {
      context,
      requester,
      rules: plan.rules,
      jitter: plan.jitter,
      at: { slice, token: undefined },
      parts: joinParts(added),
      bytesMax: answerBytesMax,
      read: async (answer) => (await Array.fromAsync(plan.retriever.decoder.documents(answer)))[0],
    },
    signal,
  );
  return sent.kind === "answer" ? sent.value : {};
}
