// Tells when an author has saved: watches the project's sources, not its data, and waits until a burst of changes is over.
import { relative, sep } from "node:path";
import { watch } from "chokidar";

export interface WatchOptions {
  readonly folder: string;
  /** The data folder, which changes all the time and is never looked at. */
  readonly dataFolder: string;
  /** Quiet time after the last change. */
  readonly debounceMs?: number;
  readonly onChange: () => void;
}

const DEBOUNCE_MS = 120;
const source = /\.(?:ts|mts|js|mjs|json|sql)$/;

/** Resolves when changes are seen; the returned function stops the watch. */
export async function watchProject(options: WatchOptions): Promise<() => Promise<void>> {
  const { folder, dataFolder, debounceMs = DEBOUNCE_MS, onChange } = options;
  let timer: NodeJS.Timeout | undefined;
  const ignored = (path: string, stats?: { isFile(): boolean }): boolean => {
    if (path === dataFolder || path.startsWith(dataFolder + sep)) return true;
    const parts = relative(folder, path).split(sep);
    if (parts.some((part) => part === "node_modules" || (part.startsWith(".") && part !== "." && part !== "..")))
      return true;
    return stats?.isFile() === true && !source.test(path);
  };
  const watcher = watch(folder, { ignored, ignoreInitial: true });
  watcher.on("all", (event, path) => {
    // A folder of data files that comes or goes is no change of the project.
    if ((event === "addDir" || event === "unlinkDir") && !relative(folder, path).startsWith("domains")) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs);
  });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return async () => {
    clearTimeout(timer);
    await watcher.close();
  };
}
