// What a manifest with a config tells before anything runs: fields without effect, what is refused, tables, limits.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentMetrics, systemClock, systemRandom, type ChannelDefinition } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiServer, sendJson } from "../../testing/api-server.ts";
import { engineStage, memorySecrets, readAll } from "../../testing/engine-stage.ts";
import { airbyteConnector } from "../channel/airbyte-connector.ts";
import { airbyte } from "../channel/airbyte.ts";
import { loadManifest } from "../load/load-manifest.ts";
import { AirbyteSource } from "./airbyte-source.ts";
import { checkConnection } from "./preview.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-manifest-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const head = "version: 6.0.0\ncheck: { type: CheckStream, stream_names: [items] }\n";

interface Fields {
  readonly stream?: string;
  readonly requester?: string;
  readonly selector?: string;
}

/** One stream; each argument is further fields of one component. */
function manifest({ stream = "", requester = "", selector = "" }: Fields, root = head): string {
  return `${root}streams:
  - type: DeclarativeStream
    name: items
    ${stream}
    retriever:
      type: SimpleRetriever
      requester: { type: HttpRequester, url_base: "{{ config['api'] }}", path: items${requester} }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [data] }${selector} }
`;
}

function source(text: string, config: Readonly<Record<string, unknown>> = { api: "http://x" }): AirbyteSource {
  const surroundings = { nowMicros: () => 0n, uuid: () => "" };
  return new AirbyteSource({ manifest: loadManifest(text, "source-x.yaml"), config, surroundings });
}

function oauth(fields = ""): string {
  return `, authenticator: { type: OAuthAuthenticator, token_refresh_endpoint: "{{ config['api'] }}/token", client_id: app, client_secret: s, refresh_token: "{{ config['refresh'] }}"${fields} }`;
}

describe("fields without effect are told by stream, with their line", () => {
  it.each([
    [
      "of a proof",
      manifest({ requester: oauth(", refresh_token_error_key: error") }),
      /:9: .*OAuthAuthenticator\.refresh_token_error_key has no/,
    ],
    [
      "of a list of properties",
      manifest({
        requester:
          ", query_properties: { type: QueryProperties, property_list: [a], property_selector: { type: JsonSchemaPropertySelector } }",
      }),
      /QueryProperties\.property_selector has no effect/,
    ],
    [
      "of a selector",
      manifest({ selector: ", schema_normalization: Default" }),
      /RecordSelector\.schema_normalization has no effect/,
    ],
    [
      "of a stream",
      manifest({ stream: "state_migrations: [{ type: CustomStateMigration, class_name: x.Y }]" }),
      /DeclarativeStream\.state_migrations has no effect/,
    ],
    [
      "of the check",
      manifest({}, head.replace("[items]", "[items], config_overrides: { start: now }")),
      /:2: .*config_overrides has no effect/,
    ],
    [
      "of the source",
      `${manifest({ stream: "primary_key: id" })}stream_groups: { one: { streams: ["#/streams/0"], action: { type: BlockSimultaneousSyncsAction } } }\n`,
      /stream_groups has no effect here: streams of a channel are read one after another/,
    ],
  ])("%s", (_name, text, message) => {
    const [report] = source(text).report();
    expect(report).toMatchObject({ name: "items", supported: true });
    expect(report?.withoutEffect).toEqual([expect.stringMatching(message)]);
  });

  it("a plain stream has none", () => {
    expect(source(manifest({ requester: oauth() })).report()).toEqual([{ name: "items", supported: true }]);
  });
});

it.each([
  ["an assertion as proof", manifest({ requester: oauth(", use_profile_assertion: true") }), /use_profile_assertion/],
  [
    "a pattern that is none",
    manifest({
      requester:
        ', error_handler: { type: DefaultErrorHandler, backoff_strategies: [{ type: WaitTimeFromHeader, header: x, regex: "(" }] }',
    }),
    /WaitTimeFromHeader\.regex: "regex" is no regular expression/,
  ],
  [
    "a duration that is none",
    manifest({
      requester:
        ", authenticator: { type: SessionTokenAuthenticator, expiration_duration: 1h, session_token_path: [t], login_requester: { type: HttpRequester, url_base: http://x, path: l }, request_authentication: { type: Bearer } }",
    }),
    /"1h" is no ISO 8601 duration/,
  ],
])("%s is told before anything runs", (_name, text, reason) => {
  expect(source(text).report()).toMatchObject([{ supported: false, reason: expect.stringMatching(reason) as string }]);
});

it("a check of the config whose schema is no JSON is a fault of the manifest", () => {
  const spec = `spec:
  type: Spec
  connection_specification: {}
  config_normalization_rules:
    type: ConfigNormalizationRules
    validations: [{ type: DpathValidator, field_path: [api], validation_strategy: { type: ValidateAdheresToSchema, base_schema: "{type" } }]
`;
  expect(() => source(manifest({}) + spec)).toThrow(/base_schema.*no JSON/);
});

it("lists whose combinations would be endless are refused", async () => {
  const list =
    "{ type: StreamConfig, configs_pointer: [none], default_values: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}] }";
  const text = `${manifest({})}dynamic_streams:
  - type: DynamicDeclarativeStream
    stream_template: "#/streams/0"
    components_resolver: { type: ConfigComponentsResolver, components_mapping: [], stream_config: [${Array.from({ length: 9 }, () => list).join(", ")}] }
`;
  await using stage = engineStage();
  await expect(source(text).resolve(stage, AbortSignal.timeout(1000))).rejects.toThrow(/more than 10000 combinations/);
});

describe("OAuth", () => {
  it("accounts of one app have tokens of their own", async () => {
    await using api = await apiServer(({ url, body }, response) =>
      sendJson(
        response,
        url.pathname === "/token"
          ? { access_token: `token-of-${new URLSearchParams(body).get("refresh_token")}`, expires_in: 3600 }
          : { data: [{ id: 1 }] },
      ),
    );
    await using stage = engineStage();
    for (const refresh of ["ann", "ben", "ann"]) {
      const plan = source(manifest({ requester: oauth() }), { api: api.address, refresh }).plan("items", {
        hasState: false,
      });
      await readAll(stage, plan);
    }
    const sent = api.seen.filter(({ url }) => url.pathname === "/items").map(({ headers }) => headers["authorization"]);
    expect(sent).toEqual(["Bearer token-of-ann", "Bearer token-of-ben", "Bearer token-of-ann"]);
    expect(api.seen.filter(({ url }) => url.pathname === "/token")).toHaveLength(2);
  });
});

describe("waits and jobs are as the manifest says", () => {
  it("a wait is longer by up to twice its jitter", () => {
    const handler =
      ", error_handler: { type: DefaultErrorHandler, backoff_strategies: [{ type: ConstantBackoffStrategy, backoff_time_in_seconds: 2, jitter_range_in_seconds: 3 }] }";
    const { retriever } = source(manifest({ requester: handler })).plan("items", { hasState: false });
    if (retriever.kind !== "simple") throw new Error("the stream is a simple one");
    const wait = (random: number): unknown =>
      retriever.requester.errors.backoffMs({ document: () => ({}) }, 1, {
        clock: systemClock,
        random: { ...systemRandom, next: () => random },
      });
    expect([wait(0), wait(0.5), wait(0.999)]).toEqual([2000, 5000, 7994]);
  });

  it.each([
    ["", 1],
    ["max_concurrent_async_job_count: 3\n", 3],
    ["max_concurrent_async_job_count: \"{{ config['jobs'] }}\"\n", 5],
  ])("%j gives so many jobs at a time: %d", (root, jobs) => {
    const requester = "{ type: HttpRequester, url_base: http://x, path: j }";
    const text = `${head}${root}streams:
  - type: DeclarativeStream
    name: items
    retriever:
      type: AsyncRetriever
      status_mapping: { running: [r], completed: [c], failed: [f], timeout: [t] }
      status_extractor: { type: DpathExtractor, field_path: [status] }
      creation_requester: ${requester}
      polling_requester: ${requester}
      download_requester: ${requester}
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [] } }
`;
    expect(source(text, { jobs: 5 }).plan("items", { hasState: false }).retriever).toMatchObject({ jobsMax: jobs });
  });
});

describe("tables", () => {
  const schema =
    "schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer }, at: { type: string } } } }";

  function tableOf(text: string): { readonly write: string; readonly keys: readonly string[] } {
    const path = join(folder, "source-x.yaml");
    writeFileSync(path, text);
    const [table] = airbyte(path, { config: {} }).outputs;
    if (table === undefined) throw new Error("the channel has a table");
    return { write: table.write, keys: table.contract.columns.filter(({ key }) => key).map(({ name }) => name) };
  }

  it("a key of which the schema knows only a part is no key: it would make different records one", () => {
    expect(tableOf(manifest({ stream: `primary_key: [id]\n    ${schema}` }))).toEqual({ write: "merge", keys: ["id"] });
    expect(tableOf(manifest({ stream: `primary_key: [id, account]\n    ${schema}` }))).toEqual({
      write: "replace",
      keys: [],
    });
  });

  it("a stream of two is described by the one that reads all", () => {
    const one = manifest({ stream: `primary_key: id\n    ${schema}` });
    const text = `${one.replace("streams:", "definitions:\n  all:").replace("  - type", "    type")}streams:
  - type: StateDelegatingStream
    name: items
    full_refresh_stream: "#/definitions/all"
    incremental_stream: "#/definitions/all"
`;
    expect(tableOf(text)).toEqual({ write: "merge", keys: ["id"] });
  });
});

it("a check without a stream to read does not say that the config works", async () => {
  const path = join(folder, "source-x.yaml");
  const condition = "type: ConditionalStreams\n    condition: \"{{ config['never'] }}\"\n    streams: []";
  writeFileSync(
    path,
    `version: 6.0.0\ncheck: { type: CheckDynamicStream, stream_count: 1 }\nstreams:\n  - ${condition}\n`,
  );
  await using stage = engineStage();
  const tools = {
    ...stage,
    clock: systemClock,
    random: systemRandom,
    secrets: memorySecrets(),
    metrics: silentMetrics,
  };
  expect(await checkConnection({ manifest: path, config: {} }, tools, AbortSignal.timeout(5000))).toEqual({
    ok: false,
    streams: [],
  });
});

it("a manifest that is gone since the channel was declared is told with its path", () => {
  const path = join(folder, "source-x.yaml");
  const schema = "schema_loader: { type: InlineSchemaLoader, schema: { properties: { id: { type: integer } } } }";
  writeFileSync(path, manifest({ stream: schema }));
  const { outputs, ...declared } = airbyte(path, { config: {} });
  const channel: ChannelDefinition = {
    ...declared,
    domain: "shop",
    name: "feed",
    outputs: outputs.map((output) => ({ ...output, domain: "shop" })),
  };
  rmSync(path);
  expect(() => airbyteConnector.validate(channel)).toThrow(
    expect.objectContaining({ code: "manifest-invalid", message: expect.stringContaining(path) as string }) as Error,
  );
});
