// The HTTP client against real servers: deadlines, encodings, redirects, broken connections and addresses that must not be reached.
import { createServer } from "node:net";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { isMillraceError, systemClock, type HttpClient, type HttpResponse } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { apiServer, sendJson, sendStatus } from "../testing/api-server.ts";
import { addressRules } from "./address-rules.ts";
import { createHttpClient } from "./http-client.ts";

const client: HttpClient = createHttpClient({ clock: systemClock, allowAddresses: ["127.0.0.1", "localhost"] });

async function get(url: string, timeoutMs = 5000, from = client): Promise<{ response: HttpResponse; text: string }> {
  const response = await from.request({ method: "GET", url, timeoutMs });
  return { response, text: Buffer.concat(await Array.fromAsync(response.body)).toString() };
}

describe("answers", () => {
  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("undoes %s", async (encoding, compress) => {
    await using api = await apiServer((_, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(compress(Buffer.from("hello")));
    });
    expect((await get(api.address)).text).toBe("hello");
    expect(api.seen[0]?.headers["accept-encoding"]).toContain(encoding);
  });

  it("status codes are answers", async () => {
    await using api = await apiServer((_, response) => sendStatus(response, 503, { "retry-after": "7" }, "busy"));
    const { response, text } = await get(api.address);
    expect([response.status, response.headers["retry-after"], text]).toEqual([503, "7", "busy"]);
  });

  it("a body that is left early gives the connection up and nothing hangs", async () => {
    await using api = await apiServer((_, response) => {
      response.writeHead(200);
      response.write("x".repeat(100_000));
    });
    const response = await client.request({ method: "GET", url: api.address, timeoutMs: 5000 });
    for await (const chunk of response.body) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
  });
});

describe("redirects", () => {
  it("are followed on the same host with the same credentials", async () => {
    await using api = await apiServer(({ url }, response) =>
      url.pathname === "/old" ? sendStatus(response, 302, { location: "/new?x=1" }) : sendJson(response, { ok: true }),
    );
    const response = await client.request({
      method: "GET",
      url: `${api.address}/old`,
      timeoutMs: 5000,
      headers: { authorization: "Bearer t" },
    });
    expect(response.status).toBe(200);
    expect(api.seen.map(({ url, headers }) => [url.pathname + url.search, headers.authorization])).toEqual([
      ["/old", "Bearer t"],
      ["/new?x=1", "Bearer t"],
    ]);
  });

  it("to another host are not", async () => {
    await using other = await apiServer((_, response) => sendJson(response, {}));
    await using api = await apiServer((_, response) =>
      sendStatus(response, 302, { location: `${other.address}/steal` }),
    );
    expect((await get(api.address)).response.status).toBe(302);
    expect(other.seen).toHaveLength(0);
  });

  it("in a circle end with the redirect itself", async () => {
    await using api = await apiServer((_, response) => sendStatus(response, 302, { location: "/again" }));
    expect((await get(api.address)).response.status).toBe(302);
    expect(api.seen).toHaveLength(6);
  });
});

describe("failures", () => {
  it("an answer that takes too long, before and inside the body", async () => {
    await using api = await apiServer(({ url }, response) => {
      if (url.pathname === "/body") response.writeHead(200).write("part");
    });
    for (const path of ["/silent", "/body"])
      await expect(get(api.address + path, 100)).rejects.toMatchObject({ code: "deadline-exceeded" });
  });

  it("a connection that is refused, reset, or cut inside the body", async () => {
    const resets = createServer((socket) => socket.resetAndDestroy());
    await new Promise<void>((resolve) => resets.listen(0, "127.0.0.1", resolve));
    const { port } = resets.address() as { port: number };
    await expect(get(`http://127.0.0.1:${port}/?key=hidden`)).rejects.toMatchObject({
      code: "upstream-unavailable",
      message: expect.not.stringContaining("hidden") as string,
    });
    await new Promise((resolve) => resets.close(resolve));
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: "upstream-unavailable",
      details: { cause: "ECONNREFUSED" },
    });
    await using api = await apiServer((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("part");
      setTimeout(() => response.destroy(), 20);
    });
    await expect(get(api.address)).rejects.toMatchObject({ code: "upstream-unavailable" });
  });

  it("the caller's signal", async () => {
    await using api = await apiServer(() => undefined);
    const abort = new AbortController();
    const asked = client.request({ method: "GET", url: api.address, timeoutMs: 5000, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    await expect(asked).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("addresses", () => {
  const strict = createHttpClient({ clock: systemClock });

  it.each([
    "http://127.0.0.1:1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254/latest/meta-data",
    "http://[fe80::1]/",
    "http://0.0.0.0/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "http://user:pass@example.com/",
  ])("refuses %s without a connection", async (url) => {
    await expect(get(url, 1000, strict)).rejects.toMatchObject({ code: "egress-refused" });
  });

  it("refuses a name that resolves to a private address", async () => {
    await using api = await apiServer((_, response) => sendJson(response, {}));
    const url = api.address.replace("127.0.0.1", "localhost");
    await expect(get(url, 1000, strict)).rejects.toMatchObject({
      code: "egress-refused",
      details: { host: "localhost" },
    });
    expect(api.seen).toHaveLength(0);
    expect((await get(url)).response.status).toBe(200);
  });

  it("knows the public ones, and those that are declared", () => {
    const rules = addressRules(["10.1.0.0/16", "fd00:1::/32", "Intranet.example"]);
    const allowed = ["8.8.8.8", "2606:4700::1111", "10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5"];
    const refused = [
      "10.2.0.1",
      "192.168.1.1",
      "100.64.0.1",
      "fc00::1",
      "2002:7f00:1::",
      "::",
      "ff02::1",
      "255.255.255.255",
    ];
    expect(allowed.filter((address) => !rules.allowsAddress(address))).toEqual([]);
    expect(refused.filter((address) => rules.allowsAddress(address))).toEqual([]);
    expect(rules.allowsHost("intranet.EXAMPLE")).toBe(true);
  });

  it.each(["10.0.0.0/33", "not a host", "http://x", ""])("refuses to be configured with %j", (entry) => {
    expect(() => createHttpClient({ clock: systemClock, allowAddresses: [entry] })).toThrow(/allowAddresses/);
    try {
      addressRules([entry]);
    } catch (error) {
      expect(isMillraceError(error, "project-invalid")).toBe(true);
    }
  });
});
