// The connector commands as their user meets them, against a real upstream.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../testing/run-command.ts";
import { temporaryProject, type TemporaryProject } from "../testing/temporary-project.ts";

const key = "top-secret-key-77";
const source = fileURLToPath(new URL("../../../connectors/src/manifest/testing/source-shop.yaml", import.meta.url));
const config =
  'import { defineProject } from "millrace";\nexport const project = defineProject({ name: "shop", allowAddresses: ["127.0.0.1"] });\n';

let server: Server;
let address: string;
let project: TemporaryProject;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/source-shop.yaml") return void response.end(readFileSync(source));
    if (request.headers["x-key"] !== key)
      return void response.writeHead(401).end(`{"error": "no such key: ${String(request.headers["x-key"])}"}`);
    response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"data":[{"id":1,"name":"North"},{"id":2,"name":"South"}]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  project = temporaryProject({
    "millrace.config.ts": config,
    "shop.json": JSON.stringify({
      api_key: { $secret: "SHOP_KEY" },
      base_url: { $env: "SHOP_API" },
      start_date: "2024-01-01T00:00:00Z",
    }),
    "wrong.json": JSON.stringify({
      api_key: "wrong-but-secret",
      base_url: address,
      start_date: "2024-01-01T00:00:00Z",
    }),
  });
  process.env["SHOP_KEY"] = key;
  process.env["SHOP_API"] = address;
  return () => project[Symbol.dispose]();
});

describe("millrace connector", () => {
  it("add brings a manifest from an address, says what the config needs, and overwrites nothing", async () => {
    const added = await runCommand(project.folder, "connector", "add", `${address}/source-shop.yaml`, "--json");
    expect(added.err).toBe("");
    expect(JSON.parse(added.out)).toMatchObject({
      file: "connectors/source-shop.yaml",
      streams: 2,
      unchanged: false,
      config: [{ name: "api_key", required: true, secret: true }, {}, {}],
    });
    const again = await runCommand(project.folder, "connector", "add", source);
    expect(again.out).toContain("was there already");
    expect(again.out).toContain('airbyte("../../connectors/source-shop.yaml", { config: { api_key: secret("API_KEY")');
    project.write({ "connectors/source-shop.yaml": "version: 1\n" });
    expect(await runCommand(project.folder, "connector", "add", source)).toMatchObject({ code: 2 });
  });

  it("discover lists streams with key, cursor and columns", async () => {
    const { out } = await runCommand(
      project.folder,
      "connector",
      "discover",
      source,
      "--config",
      "shop.json",
      "--json",
    );
    expect((JSON.parse(out) as { streams: object[] }).streams).toMatchObject([
      {
        name: "shops",
        supported: true,
        key: ["id"],
        columns: [
          { name: "id", type: "int64" },
          { name: "name", type: "string" },
        ],
      },
      { name: "orders", supported: true, key: ["id"], cursor: "updated_at" },
    ]);
  });

  it("discover and read say which fields of the manifest have no effect", async () => {
    const text = readFileSync(source, "utf8").replace(
      "cursor_field: updated_at",
      "cursor_field: updated_at\n      allow_catalog_defined_cursor_field: true",
    );
    project.write({ "shop.yaml": text });
    const note = /shop\.yaml:\d+: stream "orders": .*allow_catalog_defined_cursor_field has no effect here/;
    const listed = await runCommand(project.folder, "connector", "discover", "shop.yaml", "--config", "shop.json");
    expect(listed.out).toMatch(note);
    const read = await runCommand(project.folder, "connector", "read", "shop.yaml", "orders", "--config", "shop.json");
    expect(read.err.replaceAll("\\", "")).toMatch(note);
    const plain = await runCommand(project.folder, "connector", "read", "shop.yaml", "shops", "--config", "shop.json");
    expect(plain.err).toBe("");
  });

  it("read prints records, as many as were asked for", async () => {
    const { out, code } = await runCommand(
      project.folder,
      "connector",
      "read",
      source,
      "shops",
      "--config",
      "shop.json",
      "--limit",
      "1",
    );
    expect({ out, code }).toEqual({ out: '{"id":1,"name":"North"}\n', code: 0 });
  });

  it("check says whether a config works, and shows no secret", async () => {
    expect(await runCommand(project.folder, "connector", "check", source, "--config", "shop.json")).toMatchObject({
      code: 0,
    });
    const { code, out, err } = await runCommand(project.folder, "connector", "check", source, "--config", "wrong.json");
    expect(code).toBe(1);
    expect(out).toContain("fail  shops: [upstream-refused]");
    expect(out + err).not.toContain("wrong-but-secret");
  });

  it("an unknown stream and a broken manifest are named", async () => {
    const unknown = await runCommand(project.folder, "connector", "read", source, "shop", "--config", "shop.json");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("known are shops, orders");
    project.write({ "bad.yaml": "version: 1.0.0\ncheck: { type: CheckStreams }\nstreams: []\n" });
    const broken = await runCommand(project.folder, "connector", "discover", "bad.yaml");
    expect(broken.err).toMatch(/bad\.yaml:2.*no component "CheckStreams"; did you mean "CheckStream"/);
  });
});
