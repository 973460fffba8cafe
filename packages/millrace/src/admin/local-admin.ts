// Answers commands from a platform that this process has opened itself, because no instance was running.
import { describeType, parseExact, stringifyExact } from "@millrace/core";
import type { OpenedPlatform } from "../open-platform.ts";
import type { Admin, QueryAnswer, Wire } from "./admin.ts";
import { requireReadable } from "./readable-statement.ts";

/** Through JSON, so that both kinds of owner give the same values. */
function wire<T>(value: T): Wire<T> {
  return parseExact(stringifyExact(value)) as Wire<T>;
}

export function localAdmin(opened: OpenedPlatform): Admin {
  const { platform } = opened;
  return {
    status: async () => wire(await platform.status()),
    async query(sql, options) {
      await requireReadable(sql, platform.warehouse);
      const { columns, rows } = await platform.warehouse.query(sql, [], options);
      return {
        columns: columns.map(({ name, type }) => ({ name, type: describeType(type) })),
        rows: wire(rows) as QueryAnswer["rows"],
      };
    },
    quarantineList: async (filter) => wire(await platform.quarantineList(filter)),
    quarantineShow: async (batch, row, options) => wire(await platform.quarantineShow(batch, row, options)),
    batches: async (options) => wire(await platform.batches(options)),
    replay: async (batch) => wire(await platform.replay(batch)),
    plan: async (next) => wire(await platform.plan(next)),
    run: async (options) => wire(await platform.runUntilIdle(options)),
    backup: (folder) => opened.backup(folder),
  };
}
