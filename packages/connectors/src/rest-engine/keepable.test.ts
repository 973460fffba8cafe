// Values that JSON keeps, and partitions made of values that a JavaScript number cannot hold.
import { expect, it } from "vitest";
import { apiServer, sendJson } from "../testing/api-server.ts";
import { engineStage, inQuery, planOf, readAll } from "../testing/engine-stage.ts";
import { parseJson } from "./decoders/decoders.ts";
import { keepable } from "./keepable.ts";
import { parentPartitioner } from "./parent-partitioner.ts";

it("numbers are the same whatever stands beside them; those that would be rounded are text", () => {
  const document = parseJson('{"a":[1.50,9007199254740993],"b":{"c":0.12345678901234567},"d":null}');
  expect(keepable(document)).toEqual({ a: [1.5, "9007199254740993"], b: { c: "0.12345678901234567" }, d: null });
});

it("partitions of a parent whose numbers are beyond 2^53 are resumed at each", async () => {
  await using api = await apiServer(({ url }, response) =>
    url.pathname === "/p"
      ? response.end('{"data":[{"id":9007199254740993},{"id":9007199254740995}]}')
      : sendJson(response, { data: [{ id: url.search }] }),
  );
  await using stage = engineStage();
  const plan = planOf(api.address, {
    path: "/kids",
    partitioner: parentPartitioner([
      {
        plan: planOf(api.address, { path: "/p", name: "p" }),
        key: ["id"],
        field: "p",
        incremental: false,
        option: inQuery("p"),
      },
    ]),
  });
  const whole = await readAll(stage, plan);
  expect(whole.records.map(({ id }) => id)).toEqual(["?p=9007199254740993", "?p=9007199254740995"]);
  const rest = await readAll(stage, plan, { from: whole.places[1] as never });
  expect(rest.records.map(({ id }) => id)).toEqual(["?p=9007199254740995"]);
});
