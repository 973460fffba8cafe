// SqliteEventLog shows what the port promises.
import { join } from "node:path";
import { eventLogConformance } from "@millrace/core/testing/conformance";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openSqliteEventLog } from "./event-log.ts";

eventLogConformance("SqliteEventLog", async (bounds) => {
  const folder = await temporaryFolder();
  const file = join(folder.path, "log.sqlite");
  let log = await openSqliteEventLog(file, bounds);
  return {
    log,
    async reopen() {
      await log.close();
      log = await openSqliteEventLog(file, bounds);
      return log;
    },
    async dispose() {
      await log.close();
      await folder.remove();
    },
  };
});
