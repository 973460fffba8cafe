// Asks the owner of a data folder over its socket.
import type { Progress } from "@millrace/runtime";
import type { Admin, BackupAnswer, QueryAnswer, WorkOptions, Wire } from "./admin.ts";
import type { AdminClient } from "./admin-client.ts";

/** Asking for a batch to be loaded again, or for a query's answer, may take as long as the work does. */
const WORK_TIMEOUT_MS = 3_600_000;

export function remoteAdmin(client: AdminClient): Admin {
  const get = async <T>(path: string, timeoutMs?: number): Promise<T> =>
    (await client.call("GET", path, timeoutMs === undefined ? {} : { timeoutMs })) as T;
  const post = async <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
    (await client.call("POST", path, {
      body,
      timeoutMs: WORK_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    })) as T;
  const withParameters = (path: string, parameters: object): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
    return `${path}?${query.toString()}`;
  };
  const list = async <T>(path: string, field: string, parameters: object): Promise<T> =>
    (await get<Record<string, T>>(withParameters(path, parameters)))[field] as T;
  return {
    status: () => get("/admin/status"),
    query: (sql, { rowsMax, signal }) => post<QueryAnswer>("/admin/query", { sql, rowsMax }, signal),
    quarantineList: ({ after, ...filter }) =>
      list("/admin/quarantine", "rows", { ...filter, after: after && `${after.batch}:${after.row}` }),
    quarantineShow: (batch, row, { showPii }) =>
      get(`/admin/quarantine/${batch}/${row}${showPii ? "?showPii=true" : ""}`),
    quality: () => list("/quality", "tables", {}),
    qualityOf: (table) => get(`/quality/${table.split(".").map(encodeURIComponent).join("/")}`),
    report: () => get("/admin/report", WORK_TIMEOUT_MS),
    batches: (options) => list("/admin/batches", "batches", options),
    quarantineAct: ({ kind, ...request }) => post(`/admin/quarantine/${kind}`, request),
    deliveries: () => list("/admin/deliveries", "deliveries", {}),
    deliveryShow: (delivery, filter) =>
      get(withParameters(`/admin/deliveries/${encodeURIComponent(delivery)}`, filter)),
    deliveryAct: ({ kind, ...request }) => post(`/admin/deliveries/${kind}`, request),
    deliveryReconcile: (delivery) => post("/admin/deliveries/reconcile", { delivery }),
    replay: (batch, request) => post("/admin/replay", { batch, request }),
    lineage: (target, project) => post("/admin/lineage", { ...target, project }),
    plan: (project) => post("/admin/plan", { project }),
    run: (options) => work(client, "/admin/run", {}, options),
    backup: (folder, options) => work<BackupAnswer>(client, "/admin/backup", { folder }, options),
  };
}

/** Lines `{"progress": ...}` until one `{"result": ...}`. */
async function work<T>(
  client: AdminClient,
  path: string,
  body: unknown,
  { signal, onProgress }: WorkOptions,
): Promise<T> {
  for await (const line of client.lines("POST", path, { body, signal })) {
    const { progress, result } = line as { readonly progress?: Wire<Progress>; readonly result?: T };
    if (progress !== undefined) onProgress(progress);
    if (result !== undefined) return result;
  }
  throw new Error("the instance sent no result");
}
