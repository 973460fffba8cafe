// Compares what the platform serves over HTTP with the truth that the simulator wrote before anything was loaded.
import type { ChannelTruth, FigureTruth, Truth } from "./simulator/shape.ts";

export interface Service {
  readonly url: string;
  readonly token: string;
}

export interface Comparison {
  readonly name: string;
  readonly expected: string;
  readonly served: string;
}

interface ChannelCounts {
  readonly channel: string;
  readonly received: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly duplicate: number;
}

interface Status {
  readonly channels: readonly ChannelCounts[];
  readonly quarantine: {
    readonly open: number;
    readonly held: number;
    readonly readmitted: number;
    readonly discarded: number;
  };
}

interface Quarantined {
  readonly channel: string;
  readonly codes: readonly string[];
  readonly original: string;
}

const quarantineMax = 10_000;

/** Every comparison, equal or not; the caller decides what to print. */
export async function compareWithTruth(service: Service, truth: Truth): Promise<readonly Comparison[]> {
  const status = (await json(service, "/admin/status")) as Status;
  const rows = (
    (await json(service, `/admin/quarantine?state=all&limit=${quarantineMax}`)) as { rows: readonly Quarantined[] }
  ).rows;
  const comparisons = [
    ...channelComparisons(status, truth),
    ...codeComparisons(rows, truth),
    ...sameCodes(rows, truth),
  ];
  for (const figure of truth.figures)
    comparisons.push({ name: figure.name, expected: figure.expected, served: await served(service, figure) });
  return comparisons;
}

/** What the order management system holds, against the truth and against what the platform says of its delivery. */
export async function compareDelivered(
  service: Service,
  held: ReadonlyMap<string, number>,
  { delivered }: Truth,
): Promise<readonly Comparison[]> {
  const pieces: Record<string, number> = {};
  for (const [key, count] of held) {
    const warehouse = key.split("/")[0] ?? "";
    pieces[warehouse] = (pieces[warehouse] ?? 0) + count;
  }
  const body = JSON.stringify({ delivery: "inventory.oms_stock" });
  const found = await fetch(new URL("/admin/deliveries/reconcile", service.url), {
    method: "POST",
    headers: { authorization: `Bearer ${service.token}`, "content-type": "application/json" },
    body,
  });
  const { equal, pending, dead } = (await found.json()) as { equal?: boolean; pending?: number; dead?: number };
  return [
    { name: "stock records delivered", expected: String(delivered.records), served: String(held.size) },
    ...Object.entries(delivered.pieces).map(([warehouse, count]) => ({
      name: `stock of ${warehouse} delivered`,
      expected: String(count),
      served: String(pieces[warehouse] ?? 0),
    })),
    {
      name: "delivery reconciled",
      expected: "true, 0 pending, 0 dead",
      served: `${equal}, ${pending} pending, ${dead} dead`,
    },
  ];
}

function channelComparisons(status: Status, truth: Truth): Comparison[] {
  const found = Object.entries(truth.channels).map(([channel, expected]) => {
    const counts = status.channels.find((candidate) => candidate.channel === channel);
    return { name: channel, expected: equation(expected), served: counts === undefined ? "nothing" : equation(counts) };
  });
  const quarantined = Object.values(truth.channels).reduce((sum, channel) => sum + channel.quarantined, 0);
  const { open, held, readmitted, discarded } = status.quarantine;
  return [
    ...found,
    { name: "re-admitted rows", expected: String(truth.readmitted), served: String(readmitted) },
    { name: "rows in quarantine", expected: String(quarantined), served: String(open + held + readmitted + discarded) },
  ];
}

/** `received = accepted + quarantined + duplicate` with numbers. */
export function equation(counts: Omit<ChannelCounts, "channel"> | ChannelTruth): string {
  return `${counts.received} = ${counts.accepted} + ${counts.quarantined} + ${counts.duplicate}`;
}

function codeComparisons(rows: readonly Quarantined[], truth: Truth): Comparison[] {
  return Object.entries(truth.channels).map(([channel, expected]) => {
    const served: Record<string, number> = {};
    for (const code of rows.filter((row) => row.channel === channel).flatMap((row) => row.codes))
      served[code] = (served[code] ?? 0) + 1;
    return { name: `${channel}: reasons`, expected: listed(expected.codes), served: listed(served) };
  });
}

function sameCodes(rows: readonly Quarantined[], truth: Truth): Comparison[] {
  const { fileId, restId, codes } = truth.sameBadPromotion;
  return [fileId, restId].map((id) => ({
    name: `the same bad promotion ${id === fileId ? "by file" : "by REST"}`,
    expected: [...codes].sort().join(", "),
    served: [...(rows.find((row) => row.original.includes(`"${id}"`))?.codes ?? [])].sort().join(", "),
  }));
}

function listed(codes: Readonly<Record<string, number>>): string {
  return Object.entries(codes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => `${code} ${count}`)
    .join(", ");
}

async function served(service: Service, figure: FigureTruth): Promise<string> {
  if (figure.sum !== undefined) return String(await sumOf(service, figure.path, figure.sum));
  const joint = figure.path.includes("?") ? "&" : "?";
  const response = await get(service, `${figure.path}${joint}limit=1`, { prefer: "count=exact" });
  await response.body?.cancel();
  return response.headers.get("content-range")?.split("/")[1] ?? "no Content-Range";
}

/** Exact sum of a column in its smallest unit, page by page as CSV: no floating point on the way. */
async function sumOf(service: Service, path: string, column: string): Promise<bigint> {
  let sum = 0n;
  let next: string | undefined = `${path}${path.includes("?") ? "&" : "?"}limit=1000`;
  while (next !== undefined) {
    const response: Response = await get(service, next, { accept: "text/csv" });
    const [header = "", ...lines] = (await response.text()).trimEnd().split(/\r?\n/);
    const at = header.split(",").indexOf(column);
    for (const line of lines) sum += BigInt((line.split(",")[at] ?? "").replace(".", ""));
    next = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return sum;
}

async function json(service: Service, path: string): Promise<unknown> {
  return (await get(service, path, { accept: "application/json" })).json();
}

async function get(service: Service, path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const response = await fetch(new URL(path, service.url), {
    headers: { authorization: `Bearer ${service.token}`, ...headers },
  });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response;
}
