// Serves the pages from a thread of its own, so that the process that is measured does nothing but read them.
import { Worker } from "node:worker_threads";

export interface PageServer {
  readonly address: string;
  close(): Promise<void>;
}

/** @param pages folder of the pages */
export async function startPageServer(pages: string): Promise<PageServer> {
  const worker = new Worker(new URL("./page-server-worker.ts", import.meta.url), { workerData: { pages } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return {
    address: `http://127.0.0.1:${port}`,
    async close() {
      await worker.terminate();
    },
  };
}
