// A process that delivers products and kills itself, with SIGKILL, between the receiver's answer and its acknowledgement. Run by a test:
// node delivery-victim.ts <folder> <receiver> <rows> <the how manieth answer kills; 0: none>
import { setFailpointHook } from "@millrace/core";
import { openDeliveryStage, products, toReceiver } from "./delivery-stage.ts";
import { shop } from "./shop-project.ts";

const [folder = "", receiver = "", rows = "0", deadly = "0"] = process.argv.slice(2);
const source = shop();
const names = Array.from({ length: Number(rows) }, (_, at) => [`s${at}`, `name ${at}`] as const);
source.products.items.push(products(Object.fromEntries(names)));
let answers = 0;
setFailpointHook((name) => {
  if (name === "delivery.sent" && (answers += 1) === Number(deadly)) process.kill(process.pid, "SIGKILL");
});
const stage = await openDeliveryStage({ folder, receiver, shop: source, deliveries: { out: toReceiver() } });
await stage.platform.runUntilIdle({});
const [found] = await stage.platform.deliveries();
process.stdout.write(`${found?.due} ${found?.acknowledged} ${found?.pending} ${found?.dead}\n`);
await stage.close();
