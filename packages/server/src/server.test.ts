// The HTTP interface as a whole: who may enter, what leaks, the doors, closing, and that the description equals what is served.
import { stat, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MillraceError } from "@millrace/core";
import { openStage, stageToken, type ServedStage } from "./testing/served-stage.ts";

let stage: ServedStage;

beforeAll(async () => {
  stage = await openStage();
  await stage.load("shop.orders_in", [{ id: 1, customer: "Ann Secret", changed: 1 }]);
});

afterAll(() => stage.close());

const closed = [
  ["GET", "/data/shop/orders"],
  ["GET", "/data/shop/orders/1"],
  ["HEAD", "/data/shop/orders"],
  ["POST", "/ingest/shop.orders_in"],
  ["GET", "/metrics"],
  ["GET", "/openapi.json"],
  ["GET", "/admin/status"],
  ["POST", "/admin/query"],
  ["GET", "/admin/quarantine"],
  ["GET", "/admin/quarantine/1/1"],
  ["GET", "/admin/batches"],
  ["POST", "/admin/plan"],
  ["POST", "/admin/replay"],
  ["POST", "/admin/run"],
  ["POST", "/admin/backup"],
  ["POST", "/admin/stop"],
  ["GET", "/nothing"],
] as const;

describe("the door", () => {
  it.each(closed)("is closed without the right token: %s %s", async (method, url) => {
    for (const token of ["", "wrong", `${stageToken}x`]) {
      const answer = await stage.send(method, url, { token });
      expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="millrace"']);
      if (method !== "HEAD") expect(answer.json).toMatchObject({ code: "unauthorized" });
    }
  });

  it("lists every route that there is", async () => {
    const { json } = await stage.get("/openapi.json");
    expect(Object.keys((json as { paths: object }).paths)).toEqual(
      expect.arrayContaining([
        "/healthz",
        "/readyz",
        "/metrics",
        "/ingest/shop.orders_in",
        "/data/shop/orders",
        "/data/shop/orders/{key}",
      ]),
    );
  });

  it("is open for health alone, which tells nothing about data", async () => {
    expect(await stage.send("GET", "/healthz", { token: "" })).toMatchObject({
      status: 200,
      json: { status: "ok", version: "0.0.0" },
    });
    const counting = vi.spyOn(stage.platform, "status");
    const ready = await stage.send("GET", "/readyz", { token: "" });
    expect(counting).not.toHaveBeenCalled();
    expect([ready.status, ready.json]).toMatchObject([200, { ready: true, components: { warehouse: "ok" } }]);
    expect(new Set(Object.values((ready.json as { components: object }).components))).toEqual(new Set(["ok"]));
  });

  it("takes the owner's token beside the admin's", async () => {
    const owned = await openStage({ server: { ownerToken: "owner-token-0123456789" } });
    for (const [token, status] of [
      ["owner-token-0123456789", 200],
      [stageToken, 200],
      ["owner-token-012345678", 401],
    ] as const)
      expect((await owned.send("GET", "/admin/status", { token })).status).toBe(status);
    await owned.close();
  });

  it("logs and counts refused calls, without the token and the query, and is not flooded", async () => {
    const knocked = await openStage();
    for (let call = 0; call < 30; call += 1)
      await knocked.send("GET", "/data/shop/orders?customer=eq.Ann", { token: "guessed-token" });
    const lines = knocked.lines.filter((one) => one.includes("A call was refused."));
    expect(lines).toHaveLength(20);
    expect(lines[0]).toContain('"route":"/data/:domain/:table"');
    expect(knocked.lines.join("\n")).not.toMatch(/guessed-token|Ann/);
    expect((await knocked.get("/metrics")).text).toContain('millrace_http_errors_total{code="unauthorized"} 30');
    await knocked.close();
  });
});

describe("answers", () => {
  it("carry the security headers, errors too", async () => {
    for (const answer of [
      await stage.get("/data/shop/orders"),
      await stage.get("/nothing"),
      await stage.send("GET", "/healthz", { token: "" }),
    ]) {
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect((await stage.get("/data/shop/orders")).headers["cache-control"]).toBe("private, no-cache");
    expect((await stage.get("/admin/status")).headers["cache-control"]).toBe("no-store");
  });

  it("say that there is nothing", async () => {
    const { status, json } = await stage.get("/nothing/here?x=1");
    expect([status, json]).toMatchObject([
      404,
      { code: "not-found", message: "There is nothing at GET /nothing/here." },
    ]);
  });

  it("count routes by pattern, whatever is asked", async () => {
    await stage.get("/data/shop/orders?limit=1");
    await stage.get("/some/random/address");
    const { text } = await stage.get("/metrics");
    expect(text).toMatch(
      /millrace_http_requests_total\{route="\/data\/:domain\/:table",method="GET",status="200"\} \d+/,
    );
    expect(text).toMatch(/millrace_http_requests_total\{route="unmatched",method="GET",status="404"\} \d+/);
    expect(text).not.toContain("random");
    expect(text).toMatch(/millrace_http_request_seconds_count\{route="\/data\/:domain\/:table"\} \d+/);
    expect(text).toMatch(/millrace_cache_bytes \d+/);
  });

  it("keep faults inside and give a reference into the log", async () => {
    const broken = await openStage({
      operations: { check: () => Promise.reject(new Error("/secret/path of Ann")) },
    });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ project: { folder: "/", domains: [], config: { name: "x" } } });
    const { status, json } = await broken.send("POST", "/admin/plan", { headers, body });
    expect([status, json]).toMatchObject([500, { code: "internal", message: "An unexpected fault inside Millrace." }]);
    const { reference } = json as { reference: string };
    expect(broken.lines.find((line) => line.includes(reference))).toContain("/secret/path");
    await broken.close();
  });
});

describe("doors", () => {
  it("of both kinds lead to the same routes; the socket is the owner's alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-door-"));
    const socket = join(folder, "owner.sock");
    await stage.server.listen({ socket });
    const tcp = await stage.server.listen({ host: "127.0.0.1", port: 0 });
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect(tcp.address).toBe(`http://127.0.0.1:${tcp.port}`);
    expect(await statusOver({ socketPath: socket })).toBe(200);
    expect(await statusOver({ port: tcp.port ?? 0 })).toBe(200);
    await expect(stage.server.listen({ socket })).rejects.toMatchObject({ code: "port-in-use" });
    await rm(folder, { recursive: true });
  });

  it("that are taken are named; a socket that nobody answers on is replaced", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-door-"));
    const taken = createNetServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    await expect(stage.server.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "port-in-use" });
    taken.close();
    await expect(stage.server.listen({ host: "203.0.113.7", port: 0 })).rejects.toMatchObject({
      code: "listen-failed",
    });
    const stale = join(folder, "stale.sock");
    const dead = createNetServer().listen(stale);
    await new Promise((resolve) => dead.once("listening", resolve));
    // What SIGKILL leaves behind: the file without a listener.
    const { renameSync } = await import("node:fs");
    renameSync(stale, `${stale}.kept`);
    await new Promise((resolve) => dead.close(resolve));
    renameSync(`${stale}.kept`, stale);
    await stage.server.listen({ socket: stale });
    expect(await statusOver({ socketPath: stale })).toBe(200);
    await rm(folder, { recursive: true });
  });

  it("close after requests in flight are answered, and cut those that do not end", async () => {
    const closing = await openStage({
      operations: {
        backup: (_folder, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
    });
    const { port = 0 } = await closing.server.listen({ host: "127.0.0.1", port: 0 });
    const endless = statusOver({ port, path: "/admin/backup", method: "POST", body: '{"folder":"/x"}' }).catch(
      (error: Error) => error.message,
    );
    await expect.poll(async () => (await closing.get("/metrics")).status).toBe(200);
    const quick = statusOver({ port, path: "/data/shop/orders" });
    await quick;
    const startedMs = performance.now();
    await closing.server.close({ drainMs: 300 });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(String(await endless)).toMatch(/aborted|ECONNRESET|hang up|200/);
    await expect(statusOver({ port })).rejects.toThrow(/ECONNREFUSED/);
    await closing.close();
  });
});

it("refuses a token that can be guessed", async () => {
  await expect(openStage({ server: { token: "short" } })).rejects.toBeInstanceOf(MillraceError);
});

interface Call {
  readonly port?: number;
  readonly socketPath?: string;
  readonly path?: string;
  readonly method?: string;
  readonly body?: string;
}

function statusOver({ body, path = "/admin/status", ...where }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${stageToken}`, "content-type": "application/json" };
    const call = request({ ...where, path, headers, agent: false });
    call.on("response", (response) => {
      response.on("error", reject);
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    call.on("error", reject);
    call.end(body);
  });
}
