// REST channels against real servers: what arrives, what is asked for, and what a crash leaves.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Arrival } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { env } from "../authoring/references.ts";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../testing/api-server.ts";
import { channel, hastyClock, ids, Reading, rows, salesApi } from "../testing/sales-channel.ts";
import { cursor, linkHeader, nextUrl, offset, page } from "./pagination.ts";

const lines = (records: readonly unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

describe("a stream", () => {
  it("arrives as the bytes that came, page by page, with its progress", async () => {
    await using api = await salesApi();
    await using harness = await channel(api, { page: cursor("$.next"), since: "updated_at" });
    const arrivals = await harness.drain();
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ stream: "sales", format: { kind: "ndjson" }, before: null });
    expect(
      arrivals[0]?.objects.map(({ ref, encoding }) => [
        ref.key.replace(/[0-9a-f]{64}/, "<hash>").replace(/\d{4}\/\d\d\/\d\d/, "<day>"),
        encoding,
      ]),
    ).toEqual([["raw/shop/feed/<day>/<hash>.ndjson.zst", "none"]]);
    expect(await harness.contents(arrivals[0] as Arrival)).toEqual([lines(rows(0, 25))]);
    expect(await ids(harness, arrivals)).toEqual(rows(0, 25).map((row) => row.id));
    expect(harness.cursors.get("sales")).toMatchObject({ since: "2026-01-01T00:00:24.000Z" });
    expect(api.seen.map(({ url }) => url.pathname + url.search)).toEqual([
      "/v1/sales",
      "/v1/sales?cursor=10",
      "/v1/sales?cursor=20",
    ]);
  });

  it("reads only changes afterwards, and nothing arrives twice while nothing changes", async () => {
    const all = rows(0, 25);
    await using api = await salesApi(all);
    await using harness = await channel(api, { page: cursor("$.next"), since: "updated_at" });
    await harness.drain();
    // The record at the boundary comes again once; the same answer after that is nothing new.
    expect(await ids(harness, await harness.drain())).toEqual([24]);
    expect(await harness.drain()).toEqual([]);
    expect(await harness.drain()).toEqual([]);
    expect(api.seen.at(-1)?.url.searchParams.get("since")).toBe("2026-01-01T00:00:24.000Z");
    all.push(...rows(25, 2));
    expect(await ids(harness, await harness.drain())).toEqual([24, 25, 26]);
  });

  it("begins at the declared start and looks back", async () => {
    await using api = await salesApi();
    await using harness = await channel(api, {
      page: cursor("$.next"),
      since: { field: "updated_at", start: "2026-01-01T00:00:20.000Z", lookback: "2s" },
    });
    expect(await ids(harness, await harness.drain())).toEqual([20, 21, 22, 23, 24]);
    expect(await ids(harness, await harness.drain())).toEqual([22, 23, 24]);
  });

  it("sends its parameters, headers and the next page by every way of paging", async () => {
    const ways = {
      offset: offset({ limit: 2 }),
      page: page({ size: 2, sizeParam: "n" }),
      link: linkHeader(),
      url: nextUrl("$.next"),
    };
    for (const [way, pagination] of Object.entries(ways)) {
      await using api = await apiServer(({ url }, response) => {
        const at = Number(url.searchParams.get("offset") ?? 0) + (Number(url.searchParams.get("page") ?? 1) - 1) * 2;
        const next = at + 2 < 5 ? `${api.address}/v1/sales?kind=a&offset=${at + 2}` : undefined;
        sendJson(
          response,
          { data: rows(at, Math.min(2, 5 - at)), next },
          next === undefined ? {} : { link: `<${next}>; rel="next"` },
        );
      });
      await using harness = await channel(
        api,
        { page: pagination, params: { kind: "a", flag: true } },
        { headers: { "X-Shop": env("SHOP") } },
        { SHOP: "7" },
      );
      expect([way, await ids(harness, await harness.drain())]).toEqual([way, [0, 1, 2, 3, 4]]);
      expect(api.seen[0]?.headers["x-shop"]).toBe("7");
      expect(api.seen[0]?.url.search).toContain("kind=a&flag=true");
    }
  });

  it("takes compressed answers, a list as the page, and an empty stream", async () => {
    await using api = await apiServer((_, response, index) => {
      const body = index === 0 ? rows(0, 3) : [];
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(JSON.stringify(body)));
    });
    await using harness = await channel(api, { records: "$" });
    const [arrival] = await harness.drain();
    expect(arrival?.format).toEqual({ kind: "ndjson" });
    expect(await harness.contents(arrival as Arrival)).toEqual([lines(rows(0, 3))]);
    expect(await harness.drain()).toEqual([]);
  });

  it("that is replaced takes all its pages as one arrival, also none", async () => {
    const all = rows(0, 25);
    await using api = await salesApi(all);
    await using harness = await channel(api, { page: cursor("$.next"), write: "replace" });
    expect(await ids(harness, await harness.drain())).toEqual(rows(0, 25).map((row) => row.id));
    expect(await harness.drain()).toEqual([]);
    all.length = 0;
    expect(await ids(harness, await harness.drain())).toEqual([]);
    expect(harness.cursors.get("sales")).not.toBeNull();
  });
});

it("a pass whose last page is empty is known to have ended", async () => {
  await using api = await apiServer(({ url }, response) => {
    const first = !url.searchParams.has("cursor");
    sendJson(response, {
      data: first ? rows(0, 2) : [],
      next: first ? "t" : null,
    });
  });
  const stream = { page: cursor("$.next"), since: "updated_at" };
  await using harness = await channel(api, stream, {}, {}, hastyClock());
  expect(await harness.drain()).toHaveLength(1);
  expect(harness.cursors.get("sales")).toMatchObject({ since: rows(1, 1)[0]?.updated_at });
  expect(harness.cursors.get("sales")).not.toHaveProperty("pass");
});

describe("a crash", () => {
  const paged = (all = rows(0, 60)): Promise<ApiServer> =>
    apiServer(({ url }, response) => {
      const from = Number(url.searchParams.get("cursor") ?? 0);
      sendJson(response, { data: all.slice(from, from + 10), next: from + 10 < all.length ? from + 10 : null });
    });

  it("between two arrivals resumes behind the last committed page", async () => {
    await using api = await paged();
    const stream = { page: cursor("$.next"), since: "updated_at" };
    await using harness = await channel(api, stream, {}, {}, hastyClock());
    const [first] = await harness.drain({ stopAfter: 1 });
    harness.commit(first as Arrival);
    expect(harness.cursors.get("sales")).toMatchObject({ pass: { kind: "cursor", next: 10, pages: 1 } });
    await harness.restart();
    const rest = await harness.drain();
    expect(await ids(harness, [first as Arrival, ...rest])).toEqual(
      rows(0, 60)
        .map((row) => row.id)
        .concat(rows(0, 60).map((row) => row.id)),
    );
    expect(harness.cursors.get("sales")).toMatchObject({ since: rows(59, 1)[0]?.updated_at });
  });

  it("before the commit brings the same arrival again", async () => {
    await using api = await paged();
    await using harness = await channel(api, { page: cursor("$.next") }, {}, {}, hastyClock());
    const [first] = await harness.drain({ stopAfter: 1 });
    await harness.restart();
    const [again] = await harness.drain({ stopAfter: 1 });
    expect(again).toEqual(first);
  });

  it("asks for no page again but the one in flight, wherever it strikes", async () => {
    for (let stopAfter = 1; stopAfter <= 6; stopAfter += 1) {
      await using api = await paged();
      await using harness = await channel(api, { page: cursor("$.next") }, {}, {}, hastyClock());
      const lost = await harness.drain({ stopAfter });
      await harness.restart();
      const rest = await harness.drain();
      const asked = Object.values(Object.groupBy(api.seen, ({ url }) => url.search)).map((all) => all?.length ?? 0);
      // The page at hand, and the one that was asked for ahead of it.
      expect(asked.filter((times) => times > 1).length).toBeLessThanOrEqual(2);
      expect(Math.max(...asked)).toBeLessThanOrEqual(2);
      expect([stopAfter, await ids(harness, [...lost.slice(0, -1), ...rest])]).toEqual([
        stopAfter,
        rows(0, 60).map((row) => row.id),
      ]);
    }
  });

  it("whose page token has expired begins the pass again, except for append", async () => {
    let expired = false;
    await using api = await apiServer(({ url }, response) => {
      if (expired && url.searchParams.has("cursor")) return sendStatus(response, 410, {}, "token expired");
      return sendJson(response, {
        data: rows(0, 3),
        next: expired ? null : "t",
      });
    });
    for (const append of [false, true]) {
      expired = false;
      const stream = { page: cursor("$.next"), ...(append ? { into: Reading } : {}) };
      await using harness = await channel(api, stream, {}, {}, hastyClock());
      const loaded = (await harness.drain({ stopAfter: 1 }).catch(() => []))[0];
      harness.commit(loaded as Arrival);
      await harness.restart();
      expired = true;
      if (append) await expect(harness.drain()).rejects.toMatchObject({ code: "upstream-refused" });
      else expect(await ids(harness, await harness.drain())).toEqual([0, 1, 2]);
    }
  });
});

it("the hash in a raw object's name is that of the page", async () => {
  await using api = await salesApi(rows(0, 1));
  await using harness = await channel(api, {});
  const [arrival] = await harness.drain();
  const [text] = await harness.contents(arrival as Arrival);
  expect(arrival?.objects[0]?.ref.sha256).toBe(
    createHash("sha256")
      .update(text ?? "")
      .digest("hex"),
  );
});
