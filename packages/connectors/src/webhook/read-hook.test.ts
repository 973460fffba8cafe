// Signatures of each kind against answers worked out from the senders' documentation with another tool (openssl), and everything that must not pass.
import { createHmac } from "node:crypto";
import { contract, isMillraceError, t, type ErrorCode } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { secret } from "../authoring/references.ts";
import { readHook } from "./open-hook.ts";
import { signature, type HookSignature } from "./signature-config.ts";
import { webhook, type WebhookConfig, type WebhookOptions } from "./webhook.ts";

const Event = contract("events", { id: t.string().key() });
const ref = secret("HOOK");
const nowMs = 1_700_000_000_000;
const body = '{"id":"evt_1","amount":12.30}';

function config(from: HookSignature, more: Partial<WebhookOptions> = {}): WebhookConfig {
  return webhook({ into: Event, from, ...more }).config;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly secrets?: readonly string[];
  readonly nowMs?: number;
}

function read(channel: WebhookConfig, sent: Sent): ReturnType<typeof readHook> {
  const request = { headers: sent.headers ?? {}, body: Buffer.from(sent.body ?? body) };
  return readHook(channel, request, { secrets: sent.secrets ?? ["s3cret"], nowMs: sent.nowMs ?? nowMs });
}

function lines(content: ReturnType<typeof readHook>): string {
  return content.kind === "records" ? Buffer.from(content.body).toString("utf8") : JSON.stringify(content.body);
}

function keyOf(content: ReturnType<typeof readHook>): string {
  return content.kind === "records" ? content.key : "";
}

function codeOf(run: () => unknown): ErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    expect(JSON.stringify(error)).not.toContain("s3cret");
    return isMillraceError(error) ? error.code : "internal";
  }
}

// printf '%s' '<payload>' | openssl dgst -sha256 -hmac '<key>'
const known: readonly {
  readonly name: string;
  readonly from: HookSignature;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
}[] = [
  {
    name: "stripe",
    from: signature.stripe(ref),
    headers: {
      "stripe-signature": "t=1700000000,v0=00,v1=5d6f7b26266fff322d40c2b936389d4e8228f6d5965f90eff22fd338e3d68de3",
    },
  },
  {
    name: "github",
    from: signature.github(ref),
    headers: { "x-hub-signature-256": "sha256=6b9c53265e2660f80ea57db13ce1ae7284312aea14ed94383f0dd5cabf9943a5" },
  },
  {
    name: "slack",
    from: signature.slack(ref),
    headers: {
      "x-slack-signature": "v0=966b48603b926731732a834a2bf3ad7b1c43da2afb63fe8686abba4633069e5c",
      "x-slack-request-timestamp": "1700000000",
    },
  },
  {
    name: "shopify",
    from: signature.shopify(ref),
    headers: { "x-shopify-hmac-sha256": "a5xTJl4mYPgOpX2xPOGucoQxKuoU7ZQ4Pw3Vyr+ZQ6U=" },
  },
  {
    name: "standard",
    from: signature.standard(ref),
    headers: {
      "webhook-id": "msg_1",
      "webhook-timestamp": "1700000000",
      "webhook-signature": "v1a,x v1,U44+odx+fxsEO1GT2BIZy9IeqozmVJ7x8OZWuQlXIMM=",
    },
    secrets: ["whsec_bWlsbHJhY2Ugc3RhbmRhcmQga2V5"],
  },
  {
    name: "hmac",
    from: signature.hmac(
      {
        header: "X-Sig",
        algorithm: "sha512",
        encoding: "base64",
        prefix: "hs=",
        payload: "{timestamp}|{header:x-shop}|{body}",
        timestampHeader: "X-At",
        timestampUnit: "ms",
      },
      ref,
    ),
    headers: {
      "x-sig": "hs=0uX6qYF3dilrxZ+AxxSTDowxUVCRjyFcay7+q9CtxexXJmw6p64aDhCC/xguXoRLk1QWkTvk1M9GYE/EIarCog==",
      "x-at": "1700000000000",
      "x-shop": "north",
    },
  },
];

describe.each(known)("$name", ({ from, headers, secrets = ["s3cret"] }) => {
  const channel = config(from);
  const header = Object.keys(headers).find((name) => name.includes("sig") || name.includes("hmac")) ?? "";

  it("takes what is signed, byte for byte, and one key for the same request", () => {
    const content = read(channel, { headers, secrets });
    expect(lines(content)).toBe(body);
    expect(keyOf(read(channel, { headers, secrets }))).toBe(keyOf(content));
    expect(keyOf(content).length).toBeLessThan(255);
  });

  it("takes any of several secrets", () => {
    expect(codeOf(() => read(channel, { headers, secrets: ["bmV3", ...secrets] }))).toBeUndefined();
  });

  it("refuses another body, another secret, a broken and a missing signature", () => {
    const invalid = "hook-signature-invalid";
    expect(codeOf(() => read(channel, { headers, secrets, body: `${body} ` }))).toBe(invalid);
    expect(codeOf(() => read(channel, { headers, secrets: ["b3RoZXI="] }))).toBe(invalid);
    const broken = { ...headers, [header]: `${headers[header] ?? ""}0` };
    expect(codeOf(() => read(channel, { headers: broken, secrets }))).toBe(invalid);
    const { [header]: _gone, ...rest } = headers;
    expect(codeOf(() => read(channel, { headers: rest, secrets }))).toBe("hook-signature-missing");
  });
});

it.each(known.filter(({ name }) => name !== "github" && name !== "shopify"))(
  "$name: the moment of sending is signed and close to the clock",
  ({ from, headers, secrets = ["s3cret"] }) => {
    const at = (shiftMs: number): ErrorCode | undefined =>
      codeOf(() => read(config(from), { headers, secrets, nowMs: nowMs + shiftMs }));
    expect([at(300_000), at(-300_000)]).toEqual([undefined, undefined]);
    expect([at(300_001), at(-300_001)]).toEqual(["hook-timestamp-invalid", "hook-timestamp-invalid"]);
    const moved = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("1700000000", "1700000001")]),
    );
    expect(codeOf(() => read(config(from), { headers: moved, secrets, nowMs: nowMs + 1000 }))).toBe(
      "hook-signature-invalid",
    );
  },
);

function sign(text: string): string {
  return createHmac("sha256", "s3cret").update(text).digest("hex");
}

function github(text: string, more: Readonly<Record<string, string>> = {}): Sent {
  return { body: text, headers: { "x-hub-signature-256": `sha256=${sign(text)}`, ...more } };
}

it("answers the questions of senders, and only when they are signed", () => {
  const question = '{"type":"url_verification","challenge":"c-42"}';
  const headers = {
    "x-slack-signature": `v0=${sign(`v0:1700000000:${question}`)}`,
    "x-slack-request-timestamp": "1700000000",
  };
  const slack = config(signature.slack(ref));
  expect(read(slack, { headers, body: question })).toEqual({ kind: "answer", body: { challenge: "c-42" } });
  expect(codeOf(() => read(slack, { headers, body: question.replace("42", "43") }))).toBe("hook-signature-invalid");
  const hub = config(signature.github(ref));
  expect(read(hub, github("{}", { "x-github-event": "ping" }))).toEqual({ kind: "answer", body: { pong: true } });
  expect(codeOf(() => read(hub, { headers: { "x-github-event": "ping" } }))).toBe("hook-signature-missing");
});

it("remembers the signed id of an event, and the signature where nothing signed names it", () => {
  const stripe = config(signature.stripe(ref));
  const retried = '{"id":"evt_1","pending_webhooks":2}';
  const sent = (text: string, at: number): Sent => ({
    body: text,
    headers: { "stripe-signature": `t=${at},v1=${sign(`${at}.${text}`)}` },
  });
  expect(keyOf(read(stripe, sent(retried, 1_700_000_100)))).toBe(keyOf(read(stripe, sent(body, 1_700_000_000))));
  const hub = config(signature.github(ref));
  const first = read(hub, github(body, { "x-github-delivery": "a" }));
  expect(keyOf(read(hub, github(body, { "x-github-delivery": "b" })))).toBe(keyOf(first));
  expect(keyOf(read(hub, github('{"id":"evt_2"}')))).not.toBe(keyOf(first));
  const named = config(signature.github(ref), { id: { header: "X-GitHub-Delivery" } });
  expect(keyOf(read(named, github(body, { "x-github-delivery": "a" })))).not.toBe(
    keyOf(read(named, github(body, { "x-github-delivery": "b" }))),
  );
});

it("cuts records out of the body, adds declared headers, and reads forms", () => {
  const text = '{"events":[{"id":"a","n":9007199254740993},{"id":"b","topic":"forged"}]}';
  const channel = config(signature.github(ref), { records: "$.events", headers: { topic: "X-Topic" } });
  expect(lines(read(channel, github(text, { "x-topic": "orders" })))).toBe(
    '{"id":"a","n":9007199254740993,"topic":"orders"}\n{"id":"b","topic":"orders"}\n',
  );
  const form = `payload=${encodeURIComponent('{"id":"f"}')}`;
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const plain = config(signature.github(ref));
  expect(lines(read(plain, github(form, type)))).toBe('{"id":"f"}\n');
  expect(lines(read(plain, github("id=x&n=1", type)))).toBe('{"id":"x","n":"1"}\n');
  expect(codeOf(() => read(channel, github('{"id":1}')))).toBe("request-invalid");
  expect(codeOf(() => read(plain, github("{oops")))).toBe("request-invalid");
  expect(codeOf(() => read(plain, github(body, { "content-encoding": "gzip" })))).toBe("media-type-unsupported");
});

it("makes rows of CloudEvents in each mode", () => {
  const channel = config(signature.github(ref), { format: "cloudevents" });
  const event = '{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"x","ext":7,"data":{"n":1.50}}';
  const structured = { "content-type": "application/cloudevents+json; charset=utf-8" };
  expect(lines(read(channel, github(event, structured)))).toBe(`${event}\n`);
  const raw = '{"specversion":"1.0","id":"2","source":"/s","type":"t","data_base64":"AAE="}';
  const batch = { "content-type": "application/cloudevents-batch+json" };
  expect(lines(read(channel, github(`[${event},${raw}]`, batch)))).toBe(`${event}\n${raw}\n`);
  const ce = { "ce-specversion": "1.0", "ce-id": "3", "ce-source": "/s", "ce-type": "t", "ce-subject": "a%20b" };
  const binary = read(channel, github('{"n":1.50}', { ...ce, "content-type": "application/json" }));
  expect(JSON.parse(lines(binary))).toMatchObject({
    id: "3",
    subject: "a b",
    datacontenttype: "application/json",
    data: { n: 1.5 },
  });
  expect(JSON.parse(lines(read(channel, github("hello", { ...ce, "content-type": "text/plain" }))))).toMatchObject({
    data: "hello",
  });
  expect(codeOf(() => read(channel, github(event)))).toBe("media-type-unsupported");
  expect(codeOf(() => read(channel, github("[1]", batch)))).toBe("request-invalid");
});

it("takes a token in a header, compared as a whole", () => {
  const channel = config(signature.token("X-Gitlab-Token", ref));
  expect(codeOf(() => read(channel, { headers: { "x-gitlab-token": "s3cret" } }))).toBeUndefined();
  expect(codeOf(() => read(channel, { headers: { "x-gitlab-token": "s3cre" } }))).toBe("hook-signature-invalid");
  expect(codeOf(() => read(channel, {}))).toBe("hook-signature-missing");
});

it.each([
  [{ from: { kind: "stripe", secrets: ["whsec_plain"] } }, /secret\("NAME"\)/],
  [{ from: signature.github() }, /1 to 10 secrets/],
  [{ from: signature.hmac({ header: "X", payload: "{timestamp}{body}" }, ref) }, /belong together/],
  [{ from: signature.hmac({ header: "X", idHeader: "X-Id" }, ref) }, /belong together/],
  [{ from: signature.hmac({ header: "X", payload: "{body}{nonce}" }, ref) }, /there is no \{nonce\}/],
  [{ from: signature.github(ref), format: "cloudevents", records: "$.a" }, /CloudEvents say themselves/],
  [{ from: signature.github(ref), id: { field: "nope" } }, /"id" is/],
])("refuses a declaration that would not verify: %#", (options, message) => {
  const declare = (): unknown => webhook({ into: Event, ...options } as WebhookOptions);
  expect(declare).toThrow(message);
  expect(declare).not.toThrow(/whsec_plain/);
});
