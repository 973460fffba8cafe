// Files in all three write modes, those of one archived once they are loaded; a marker beside each file says that it is complete.
import { archive, env, files, marker } from "millrace";
import { Line, Price, Stock } from "./contracts.ts";

const folder = env("TORTURE_DROPS");
const ready = marker("{name}.done");

export const lines = files("lines/*.csv", { folder, ready, into: Line, write: "append", rescan: "1s" });
export const prices = files("prices/*.ndjson", { folder, ready, into: Price, write: "replace", rescan: "1s" });
export const stock = files("stock/*.csv", {
  folder,
  ready,
  into: Stock,
  rescan: "1s",
  after: archive("done/{yyyy}-{mm}-{dd}"),
});
