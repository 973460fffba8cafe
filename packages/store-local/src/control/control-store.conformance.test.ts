// SqliteControlStore shows what the port promises; the stores of one test share a file, each with a thread of its own.
import { join } from "node:path";
import { controlStoreConformance } from "@millrace/core/testing/conformance";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openSqliteControlStore } from "./control-store.ts";

controlStoreConformance("SqliteControlStore", async (clock) => {
  const folder = await temporaryFolder();
  const open = () => openSqliteControlStore(join(folder.path, "control.sqlite"), { clock });
  const stores = [await open()];
  const another = async () => {
    const store = await open();
    stores.push(store);
    return store;
  };
  const [store] = stores;
  if (store === undefined) throw new Error("no store was opened");
  return {
    store,
    another,
    async dispose() {
      for (const one of stores) await one.close();
      await folder.remove();
    },
  };
});
