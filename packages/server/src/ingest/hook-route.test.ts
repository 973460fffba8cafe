// Webhooks through a real socket: what is signed is stored once, also over a restart; what is not learns nothing.
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, t } from "@millrace/core";
import { secret, signature, webhook } from "@millrace/connectors";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStage, type ServedStage, type StageOptions } from "../testing/served-stage.ts";

const Push = contract("pushes", {
  id: t.string().key(),
  amount: t.decimal(9, 2).min(0),
  event: t.string().optional(),
});

const folder = mkdtempSync(join(tmpdir(), "millrace-hooks-"));
const options: StageOptions = {
  folder,
  secrets: { OLD: "old-secret-value", NEW: "new-secret-value" },
  channels: [
    {
      name: "pushes",
      declared: webhook({
        into: Push,
        from: signature.github(secret("NEW"), secret("OLD")),
        headers: { event: "X-GitHub-Event" },
        bodyBytesMax: 2000,
      }),
    },
    { name: "unset", declared: webhook({ into: Push, from: signature.github(secret("MISSING_ONE")) }) },
  ],
};
let stage: ServedStage;
let origin: string;

async function open(): Promise<void> {
  stage = await openStage(options);
  origin = (await stage.server.listen({ host: "127.0.0.1", port: 0 })).address;
}

beforeAll(open);
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Sent {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly channel?: string;
}

async function send(body: string, { key = "new-secret-value", headers = {}, channel = "shop.pushes" }: Sent = {}) {
  const digest = createHmac("sha256", key).update(body).digest("hex");
  const answer = await fetch(`${origin}/hooks/${channel}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}`, ...headers },
    body,
  });
  const text = await answer.text();
  expect(text).not.toContain("secret-value");
  return { status: answer.status, headers: answer.headers, json: JSON.parse(text) as Record<string, unknown> };
}

it("stores what is signed with any of its secrets once, also after a restart", async () => {
  const one = '{"id":"1","amount":12.30}';
  const first = await send(one, { headers: { "x-github-event": "push" } });
  expect([first.status, first.json]).toEqual([200, { received: 1, repeated: false }]);
  expect((await send('{"id":"2","amount":1}', { key: "old-secret-value" })).json).toMatchObject({ repeated: false });
  expect((await send(one, { headers: { "x-github-event": "push" } })).json).toEqual({ received: 1, repeated: true });
  await stage.close();
  await open();
  expect((await send(one, { headers: { "x-github-event": "push" } })).json).toEqual({ received: 1, repeated: true });
  await stage.platform.runUntilIdle({});
  const rows = await stage.get("/data/shop/pushes?select=id,amount,event&order=id");
  expect(rows.text).toBe('[{"id":"1","amount":12.30,"event":"push"},{"id":"2","amount":1.00,"event":null}]');
  const status = await stage.platform.status();
  expect(status.channels.find(({ channel }) => channel === "shop.pushes")).toMatchObject({
    connector: "webhook",
    received: 2n,
    accepted: 2n,
  });
});

it("keeps what the contract refuses for quarantine, and answers 200: sending it again would not help", async () => {
  expect((await send('{"id":"3","amount":-1}')).status).toBe(200);
  await stage.platform.runUntilIdle({});
  const { json } = await stage.get("/admin/quarantine?state=open");
  expect(JSON.stringify(json)).toContain("pushes.amount.min");
});

it("refuses what is not signed, with nothing written and nothing told", async () => {
  expect(await send("{}", { key: "guessed" })).toMatchObject({ status: 401, json: { code: "hook-signature-invalid" } });
  const answer = await fetch(`${origin}/hooks/shop.pushes`, { method: "POST", body: "{}" });
  expect([answer.status, await answer.json()]).toMatchObject([401, { code: "hook-signature-missing" }]);
  const unknown = await send("{}", { channel: "shop.pushe" });
  expect([unknown.status, JSON.stringify(unknown.json).includes("pushes")]).toEqual([404, false]);
  expect((await send("{}", { channel: "shop.orders_in" })).status).toBe(404);
  expect(await send(JSON.stringify({ id: "x".repeat(2000) }))).toMatchObject({
    status: 413,
    json: { code: "request-too-large" },
  });
});

it("says that it cannot verify when a secret is not set, and names it in the log alone", async () => {
  const { status, json, headers } = await send("{}", { channel: "shop.unset" });
  expect([status, json["code"], headers.get("retry-after")]).toEqual([503, "hook-unavailable", "1"]);
  expect(JSON.stringify(json)).not.toContain("MISSING_ONE");
  expect(stage.lines.some((line) => line.startsWith("error") && line.includes("MISSING_ONE"))).toBe(true);
});

it("takes no events of a webhook channel through the door for events", async () => {
  const answer = await stage.send("POST", "/ingest/shop.pushes", {
    headers: { "content-type": "application/json" },
    body: '{"id":"9","amount":1}',
  });
  expect([answer.status, answer.json]).toMatchObject([404, { code: "channel-not-found" }]);
});
