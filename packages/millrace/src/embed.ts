// For programs that run Millrace inside themselves: examples, tests, tools. Authors of projects import "millrace" instead.
import { systemClock, type Logger } from "@millrace/core";
import { createLogger, type LogLevel } from "@millrace/runtime";

export { serveInstance, type Instance, type InstanceOptions } from "./instance/serve-instance.ts";
export { embeddedAdapters, type AdapterContext, type Adapters } from "./instance/adapters.ts";
export { openPlatform, type OpenedPlatform, type OpenPlatformOptions } from "./open-platform.ts";
export { loadProject } from "./project/load-project.ts";

/** JSON lines on standard error, from this level on. */
export function processLogger(level: LogLevel): Logger {
  return createLogger({ level, clock: systemClock, destination: process.stderr });
}
