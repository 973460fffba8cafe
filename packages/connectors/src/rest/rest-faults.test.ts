// REST channels against servers that behave badly: what is tried again, what is said, and what is never said.
import { gzipSync } from "node:zlib";
import { contract, t, type Arrival } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { secret } from "../authoring/references.ts";
import { apiServer, sendJson, sendStatus } from "../testing/api-server.ts";
import { openHarness } from "../testing/channel-harness.ts";
import { channel, hastyClock, ids, quick, Reading, rows, Sale, salesApi } from "../testing/sales-channel.ts";
import { apiKey, basic, bearer } from "./authentication.ts";
import { cursor, nextUrl, page } from "./pagination.ts";
import { restConnector } from "./rest-connector.ts";
import { rest } from "./rest.ts";

describe("an upstream that fails", () => {
  it("for a while is asked again until it answers", async () => {
    await using api = await apiServer((_, response, index) => {
      if (index === 0) return sendStatus(response, 500, {}, "oops");
      if (index === 1) return response.destroy();
      if (index === 2) return response.writeHead(200, { "content-type": "application/json" }).end('{"data": [');
      return sendJson(response, { data: rows(0, 2) });
    });
    await using harness = await channel(api, {});
    expect(await ids(harness, await harness.drain())).toEqual([0, 1]);
    expect(harness.lines.filter((line) => line.includes("tried again"))).toHaveLength(3);
  });

  it("for good ends after its tries, with what it said", async () => {
    await using api = await apiServer((_, response) => sendStatus(response, 503, {}, "we are\n closed"));
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toMatchObject({
      code: "upstream-unavailable",
      kind: "transient",
      message: expect.stringMatching(
        /^GET http:\/\/127\.0\.0\.1:\d+\/v1\/sales answered 503: we are closed \(after 4 tries\)$/,
      ) as string,
      details: { status: 503, tries: 4 },
    });
    expect(api.seen).toHaveLength(4);
  });

  it("is given the time that it asks for", async () => {
    // A date has whole seconds only, and counts from the moment of the answer.
    for (const value of [() => "0.3", () => new Date(Date.now() + 1300).toUTCString()]) {
      await using api = await apiServer((_, response, index) =>
        index === 0 ? sendStatus(response, 429, { "retry-after": value() }) : sendJson(response, { data: rows(0, 1) }),
      );
      await using harness = await channel(api, {});
      await harness.drain();
      expect((api.seen[1]?.atMs ?? 0) - (api.seen[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(200);
    }
  });

  it("and asks for more time than the budget ends the read", async () => {
    await using api = await apiServer((_, response) => sendStatus(response, 429, { "retry-after": "3600" }));
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toMatchObject({
      code: "upstream-rate-limited",
      details: { retryAfterMs: 3_600_000 },
    });
    expect(api.seen).toHaveLength(1);
  });

  it("slowly runs into the deadline", async () => {
    await using api = await apiServer(() => undefined);
    await using harness = await channel(api, {}, { timeout: "50ms", retry: { ...quick, attempts: 2 } });
    await expect(harness.drain()).rejects.toMatchObject({ code: "deadline-exceeded" });
    expect(api.seen).toHaveLength(2);
  });

  it.each([
    [401, "Check the credentials"],
    [404, "Check baseUrl and the path"],
    [422, "Check credentials and parameters"],
    [302, ""],
  ])("with %i is not asked again", async (status, hint) => {
    await using api = await apiServer((_, response) =>
      sendStatus(response, status, { location: "https://login.example/" }, "no"),
    );
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toMatchObject({
      code: "upstream-refused",
      details: { status },
      hint: expect.stringContaining(hint) as string,
    });
    expect(api.seen).toHaveLength(1);
  });

  it("in one stream does not stop the others", async () => {
    await using api = await apiServer(({ url }, response) =>
      url.pathname.endsWith("/bad") ? sendStatus(response, 404) : sendJson(response, { data: rows(0, 2) }),
    );
    await using harness = await channel(
      api,
      {},
      {
        streams: { bad: { path: "/bad", into: Reading }, good: { path: "/good", records: "$.data", into: Sale } },
      },
    );
    const arrivals: Arrival[] = [];
    const reading = (async () => {
      for await (const arrival of (await harness.reader).read(new AbortController().signal)) {
        arrivals.push(arrival);
        harness.commit(arrival);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "upstream-refused" });
    expect(arrivals.map(({ stream }) => stream)).toEqual(["good"]);
  });
});

describe("a page that is none", () => {
  it.each<[string, string, string, string]>([
    ["HTML", "text/html", "<html>Sign in</html>", "upstream-not-json"],
    ["HTML that says it is JSON", "application/json", "  <!doctype html>", "upstream-not-json"],
    ["text", "text/plain", "hello", "upstream-not-json"],
    ["bytes that are no UTF-8", "application/json", "\u0000bad", "upstream-not-json"],
    ["a page without records", "application/json", '{"dta": [], "count": 0}', "upstream-records-missing"],
    ["records that are no list", "application/json", '{"data": {"a": 1}}', "upstream-records-missing"],
  ])("%s", async (_, type, body, code) => {
    await using api = await apiServer((__, response) => {
      response
        .writeHead(200, { "content-type": type })
        .end(body.startsWith("\u0000") ? Buffer.from([0x7b, 0xff, 0x7d]) : body);
    });
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toMatchObject({ code });
    expect(harness.cursors.size).toBe(0);
    if (body.startsWith("<")) expect(api.seen).toHaveLength(1);
  });

  it("names what is there", async () => {
    await using api = await apiServer((_, response) => sendJson(response, { dta: [1, 2], count: 2 }));
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toThrow(
      'there is nothing at records $.data, a list is expected. The page has dta (list of 2), count; did you mean "dta"?',
    );
  });

  it("is not quoted where the table has personal data", async () => {
    const Person = contract("people", { id: t.int64().key(), mail: t.string().pii() });
    await using api = await apiServer((_, response) => sendStatus(response, 200, {}, "id,mail\n1,ann@example.com"));
    for (const into of [Person, Sale]) {
      await using harness = await channel(api, { into });
      const message = String(await harness.drain().catch((thrown: unknown) => thrown));
      expect([message.includes("is not JSON"), message.includes("ann@")]).toEqual([true, into === Sale]);
    }
  });

  it("a page that is too large", async () => {
    await using api = await apiServer((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(65 * 1024 * 1024, 32)));
    });
    await using harness = await channel(api, {});
    await expect(harness.drain()).rejects.toMatchObject({ code: "upstream-too-large" });
    expect(api.seen).toHaveLength(1);
  });
});

describe("pages in a circle", () => {
  it("of tokens", async () => {
    await using api = await apiServer(({ url }, response) => {
      const at = Number(url.searchParams.get("cursor") ?? 0);
      sendJson(response, { data: rows(at, 1), next: at === 4 ? 2 : at + 1 });
    });
    await using harness = await channel(api, { page: cursor("$.next") });
    await expect(harness.drain()).rejects.toMatchObject({
      code: "cursor-loop",
      message: expect.stringContaining("hands out 2 a second time") as string,
    });
    expect(api.seen).toHaveLength(5);
  });

  it("of an upstream that does not know the page parameter", async () => {
    await using api = await apiServer((_, response) => sendJson(response, { data: rows(0, 3), at: performance.now() }));
    await using harness = await channel(api, { page: page() });
    await expect(harness.drain()).rejects.toMatchObject({
      code: "cursor-loop",
      message: expect.stringContaining("the page parameter") as string,
    });
    expect(api.seen).toHaveLength(2);
  });

  it("is the end where nothing comes behind the repeated token", async () => {
    await using api = await apiServer(({ url }, response) =>
      sendJson(response, { data: url.searchParams.has("cursor") ? [] : rows(0, 2), next: "same" }),
    );
    await using harness = await channel(api, { page: cursor("$.next") });
    expect(await ids(harness, await harness.drain())).toEqual([0, 1]);
  });
});

it("a rate limit holds over all streams of the channel", async () => {
  await using api = await apiServer((_, response) => sendJson(response, { data: rows(0, 1) }));
  const stream = { path: "/x", records: "$.data", into: Sale, page: page() };
  await using harness = await channel(
    api,
    {},
    { streams: { a: stream, b: { ...stream, path: "/y" } }, rateLimit: { requests: 2, perSeconds: 0.2 } },
  );
  for (let round = 0; round < 4; round += 1) await harness.drain().catch(() => []);
  const times = api.seen.map(({ atMs }) => atMs);
  expect(times.length).toBeGreaterThanOrEqual(8);
  for (const [at, ms] of times.entries()) if (at >= 2) expect(ms - (times[at - 2] ?? 0)).toBeGreaterThanOrEqual(200);
});

it("stops between arrivals when it is told to, also inside a wait", async () => {
  await using api = await apiServer((_, response) => sendStatus(response, 429, { "retry-after": "1" }));
  await using harness = await channel(api, {});
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  expect(await harness.drain({ signal: abort.signal })).toEqual([]);
});

describe("secrets", () => {
  const auths = [
    bearer(secret("TOKEN")),
    apiKey({ header: "X-Key", value: secret("TOKEN") }),
    apiKey({ query: "key", value: secret("TOKEN") }),
    basic("shop", secret("TOKEN")),
  ] as const;
  const token = "s3cr3t-token/+";
  const forms = [
    token,
    encodeURIComponent(token),
    Buffer.from(token).toString("base64"),
    Buffer.from(`shop:${token}`).toString("base64"),
  ];

  it.each(auths)("of $kind reach the upstream and nobody else, whatever the upstream repeats", async (auth) => {
    const echo = (request: { url: URL; headers: object }): string =>
      `${request.url.href} ${JSON.stringify(request.headers)}`;
    for (const status of [200, 401, 429, 500]) {
      await using api = await apiServer((request, response) =>
        sendStatus(response, status, { "content-type": "text/plain" }, `you sent ${echo(request)}`),
      );
      await using harness = await channel(api, { page: cursor("$.next") }, { auth, retry: { ...quick, attempts: 2 } });
      const error = await harness.drain().then(
        () => undefined,
        (thrown: unknown) => thrown as Error & { toJSON(): unknown },
      );
      const output = [
        String(error),
        JSON.stringify(error?.toJSON()),
        error?.stack,
        String(error?.cause),
        ...harness.lines,
        ...harness.counts,
      ].join("\n");
      expect(echo(api.seen[0] as never)).toSatisfy((sent: string) => forms.some((form) => sent.includes(form)));
      expect(forms.filter((form) => output.includes(form))).toEqual([]);
    }
  });

  it("never enter a cursor, also when the next address repeats them", async () => {
    await using api = await apiServer(({ url }, response) => {
      const next = url.searchParams.has("p")
        ? undefined
        : `${api.address}/v1/sales?p=2&key=${url.searchParams.get("key")}`;
      sendJson(response, { data: rows(0, 1), next });
    });
    await using harness = await channel(
      api,
      { page: nextUrl("$.next") },
      { auth: apiKey({ query: "key", value: secret("TOKEN") }) },
      {},
      hastyClock(),
    );
    const [first] = await harness.drain({ stopAfter: 1 });
    expect(JSON.stringify(first?.after)).toContain("p=2");
    expect(JSON.stringify(first?.after)).not.toContain("s3cr3t");
    harness.commit(first as Arrival);
    await harness.restart();
    await harness.drain();
    expect(api.seen.every(({ url }) => url.searchParams.get("key") === token)).toBe(true);
  });

  it("that are missing or unfit for a header are said so, without a request", async () => {
    await using api = await salesApi();
    await using missing = await channel(api, {}, { auth: bearer(secret("OTHER")) });
    await expect(missing.drain()).rejects.toMatchObject({ code: "secret-missing" });
    await using unfit = await channel(api, {}, { auth: bearer(secret("TOKEN")) }, { TOKEN: "two\nlines" });
    await expect(unfit.drain()).rejects.toMatchObject({
      code: "channel-invalid",
      message: expect.not.stringContaining("lines") as string,
    });
    expect(api.seen).toHaveLength(0);
  });
});

it("refuses an address that is none, and one inside, before it is asked", async () => {
  await using api = await salesApi();
  await using wrong = await channel(api, {}, {}, { API: "shop" });
  await expect(wrong.reader).rejects.toMatchObject({ code: "channel-invalid" });
  const declaration = rest({ baseUrl: "http://169.254.169.254/", streams: { x: { path: "/", into: Sale } } });
  await using harness = await openHarness(restConnector, declaration);
  await expect(harness.drain()).rejects.toMatchObject({ code: "egress-refused" });
});
