// Proofs against real servers: what requests carry, and that tokens are renewed once, kept before they are used, and never shown.
import {
  createPublicKey,
  createVerify,
  constants,
  generateKeyPairSync,
  verify,
  createHmac,
  createHash,
  type KeyObject,
} from "node:crypto";
import { createServer } from "node:https";
import { systemClock, type Clock } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../../testing/api-server.ts";
import { testIdentity } from "../../testing/test-identity.ts";
import { engineStage, memorySecrets, planOf, readAll } from "../../testing/engine-stage.ts";
import type { Authenticator, Requester } from "../components.ts";
import { jsonDecoder } from "../decoders/decoders.ts";
import { filteredErrors } from "../errors/response-filters.ts";
import type { RequestParts } from "../request.ts";
import { jwtAlgorithms, jwtAuth, type JwtAlgorithm } from "./jwt-auth.ts";
import { oauthAuth, type OAuthOptions } from "./oauth-auth.ts";
import { basicAuth, bearerAuth, certificateAuth, keyAuth, noAuth, type Lookup } from "./plain-auth.ts";
import { sessionAuth } from "./session-auth.ts";
import { hmacAuth, sigV4Auth } from "./signing-auth.ts";

const value =
  (text: string): Lookup =>
  () =>
    Promise.resolve(text);

/** What a request with this proof carries. */
async function sent(authenticator: Authenticator): Promise<ApiServer["seen"][number]> {
  await using api = await apiServer((_, response) => sendJson(response, { data: [] }));
  await using stage = engineStage();
  await readAll(stage, planOf(api.address, { path: "/x?a=1", requester: { authenticator } }));
  return api.seen[0]!;
}

describe("values", () => {
  it("go into headers, queries and bodies", async () => {
    expect((await sent(bearerAuth(value("t")))).headers["authorization"]).toBe("Bearer t");
    expect((await sent(basicAuth(value("u"), value("p")))).headers["authorization"]).toBe(`Basic ${btoa("u:p")}`);
    expect((await sent(keyAuth({ into: "query", path: ["key"] }, value("k")))).url.search).toBe("?a=1&key=k");
    expect((await sent(keyAuth({ into: "header", path: ["X-Key"] }, value("k")))).headers["x-key"]).toBe("k");
    expect((await sent(noAuth)).headers["authorization"]).toBeUndefined();
    await expect(sent(bearerAuth(value("a\nb")))).rejects.toMatchObject({ code: "channel-invalid" });
  });
});

/** A token endpoint whose refresh tokens are good for one use, and an API that takes only the newest access token. */
async function tokenApi(
  options: { readonly expiresIn?: number } = {},
): Promise<ApiServer & { readonly issued: number }> {
  let issued = 0;
  const api = await apiServer(({ url, body, headers }, response) => {
    if (url.pathname === "/token") {
      if (new URLSearchParams(body).get("refresh_token") !== `r${issued}`)
        return sendStatus(response, 400, {}, '{"error":"invalid_grant"}');
      issued += 1;
      const answer = { access_token: `a${issued}`, refresh_token: `r${issued}`, expires_in: options.expiresIn ?? 3600 };
      return setTimeout(() => sendJson(response, { data: answer }), 20);
    }
    if (headers["authorization"] !== `Bearer a${issued}`) return sendStatus(response, 401);
    return sendJson(response, { data: [{ id: 1 }] });
  });
  return Object.defineProperty(api, "issued", { get: () => issued }) as ApiServer & { readonly issued: number };
}

const grant = (api: ApiServer, over: Partial<OAuthOptions> = {}): OAuthOptions => ({
  endpoint: value(`${api.address}/token`),
  name: "shop.feed/oauth",
  fields: () => Promise.resolve({ grant_type: "refresh_token", client_id: "id", client_secret: "hush" }),
  secretFields: ["client_secret"],
  sendAs: "form",
  refreshToken: value("r0"),
  ...over,
});

describe("OAuth", () => {
  it("renews once for all that wait, keeps the new token, and uses it after a restart", async () => {
    await using api = await tokenApi();
    const secrets = memorySecrets();
    await using stage = engineStage({ secrets });
    const plan = (): ReturnType<typeof planOf> =>
      planOf(api.address, { path: "/x", requester: { authenticator: oauthAuth(grant(api)) } });
    await Promise.all(Array.from({ length: 6 }, () => readAll(stage, plan())));
    expect(api.issued).toBe(1);
    expect(JSON.parse(secrets.keptValues.get("shop.feed/oauth") ?? "")).toMatchObject({ access: "a1", refresh: "r1" });
    // Another process with the same store; its access token is past its end.
    const later = { ...systemClock, nowMs: () => Date.now() + 7_200_000 } as Clock;
    const again = memorySecrets();
    for (const [name, text] of secrets.keptValues) again.keptValues.set(name, text);
    await using restarted = engineStage({ secrets: again, clock: later });
    expect((await readAll(restarted, plan())).records).toHaveLength(1);
    expect(api.issued).toBe(2);
  });

  it("does not use a token that could not be kept, and begins anew with another sign-in", async () => {
    await using api = await tokenApi();
    const secrets = memorySecrets();
    const full = new Error("disk full");
    await using stage = engineStage({
      secrets: { ...secrets, kept: { ...secrets.kept, put: () => Promise.reject(full) } },
    });
    const plan = planOf(api.address, { path: "/x", requester: { authenticator: oauthAuth(grant(api)) } });
    await expect(readAll(stage, plan)).rejects.toBe(full);
    expect(api.seen.map(({ url }) => url.pathname)).toEqual(["/token"]);
    secrets.keptValues.set(
      "shop.feed/oauth",
      JSON.stringify({ access: "old", expiresAtMs: 9e15, refresh: "old", seed: "of another sign-in" }),
    );
    await using next = engineStage({ secrets });
    const signedIn = planOf(api.address, {
      path: "/x",
      requester: { authenticator: oauthAuth(grant(api, { refreshToken: value("r1") })) },
    });
    expect((await readAll(next, signedIn)).records).toHaveLength(1);
  });

  it("renews a token that the upstream no longer takes", async () => {
    await using api = await tokenApi();
    await using stage = engineStage();
    const errors = filteredErrors({
      filters: [{ action: "REFRESH_TOKEN_THEN_RETRY", statuses: [401] }],
      backoff: [() => 1],
      attemptsMax: 3,
      waitMsMax: 1000,
    });
    const issued = { accessToken: value("revoked"), expiresAtMs: Date.now() + 3_600_000 };
    const plan = planOf(api.address, {
      path: "/x",
      requester: { authenticator: oauthAuth(grant(api, { issued })), errors },
    });
    const { records } = await readAll(stage, plan);
    expect([records.length, api.issued]).toEqual([1, 1]);
  });

  it.each([null, 0, "soon"])("uses a token whose life is told as %j more than once", async (life) => {
    let issued = 0;
    await using api = await apiServer(({ url }, response) =>
      sendJson(
        response,
        url.pathname === "/token" ? { access_token: `a${(issued += 1)}`, expires_in: life } : { data: [{ id: 1 }] },
      ),
    );
    await using stage = engineStage();
    const plan = planOf(api.address, { path: "/x", requester: { authenticator: oauthAuth(grant(api)) } });
    await readAll(stage, plan);
    await readAll(stage, plan);
    expect(issued).toBe(1);
  });

  it("goes on for those that wait when whoever asked first gives up", async () => {
    await using api = await apiServer((_, response) => {
      setTimeout(() => sendJson(response, { access_token: "a", session: "s" }), 30);
    });
    await using stage = engineStage();
    const login = planOf(api.address, { path: "/login", method: "POST" }).retriever.requester;
    const both = [
      oauthAuth(grant(api)),
      sessionAuth({
        login,
        rules: { policies: [], limitStatus: [], concurrencyMax: 2 },
        decoder: jsonDecoder(),
        path: ["session"],
        lifeMs: 1000,
        carry: (token) => ({ headers: { authorization: token } }),
      }),
    ];
    const request = { method: "GET", url: new URL(api.address), headers: {} };
    for (const authenticator of both) {
      const first = authenticator.parts(stage, request, AbortSignal.timeout(5));
      const second = authenticator.parts(stage, request, new AbortController().signal);
      await expect(first).rejects.toThrow(/timeout|cancelled/i);
      expect((await second).headers?.["authorization"]).toBeDefined();
    }
  });

  it("says what the endpoint said, without secrets", async () => {
    await using api = await apiServer((_, response) => sendStatus(response, 400, {}, "client hush unknown"));
    await using stage = engineStage();
    const plan = planOf(api.address, { path: "/x", requester: { authenticator: oauthAuth(grant(api)) } });
    await expect(readAll(stage, plan)).rejects.toMatchObject({
      code: "auth-failed",
      message: expect.stringMatching(/issued no token.*client \[secret\] unknown/) as string,
    });
  });
});

describe("JWT", () => {
  const curves: Partial<Record<JwtAlgorithm, string>> = {
    ES256: "P-256",
    ES256K: "secp256k1",
    ES384: "P-384",
    ES512: "P-521",
  };
  const keys = (algorithm: JwtAlgorithm): { readonly pem: string; readonly key: KeyObject } => {
    const pair =
      algorithm === "EdDSA"
        ? generateKeyPairSync("ed25519")
        : algorithm.startsWith("ES")
          ? generateKeyPairSync("ec", { namedCurve: curves[algorithm] ?? "" })
          : generateKeyPairSync("rsa", { modulusLength: 2048 });
    return {
      pem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      key: createPublicKey(pair.privateKey),
    };
  };
  const holds = (algorithm: JwtAlgorithm, text: string, signature: Buffer, key: KeyObject | string): boolean => {
    const hash = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2, 5)}`;
    if (typeof key === "string")
      return createHmac(hash ?? "", key)
        .update(text)
        .digest()
        .equals(signature);
    if (algorithm.startsWith("PS"))
      return createVerify(hash ?? "")
        .update(text)
        .verify({ key, padding: constants.RSA_PKCS1_PSS_PADDING }, signature);
    return verify(
      hash,
      Buffer.from(text),
      algorithm.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key,
      signature,
    );
  };

  it.each(jwtAlgorithms)("%s", async (algorithm) => {
    const { pem, key } = algorithm.startsWith("HS") ? { pem: "shared", key: "shared" } : keys(algorithm);
    const token = await sent(
      jwtAuth({
        algorithm,
        key: value(pem),
        durationS: 600,
        headers: () => Promise.resolve({ kid: "k1" }),
        payload: () => Promise.resolve({ iss: "me" }),
        prefix: "Bearer",
      }),
    );
    const [header = "", payload = "", signature = ""] = (token.headers["authorization"] ?? "")
      .replace("Bearer ", "")
      .split(".");
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ typ: "JWT", kid: "k1", alg: algorithm });
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, number>;
    expect(claims).toMatchObject({ iss: "me" });
    expect((claims["exp"] ?? 0) - (claims["iat"] ?? 0)).toBe(600);
    expect(holds(algorithm, `${header}.${payload}`, Buffer.from(signature, "base64url"), key)).toBe(true);
  });

  it("refuses a key that does not fit, without showing it", async () => {
    const options = { durationS: 1, headers: () => Promise.resolve({}), payload: () => Promise.resolve({}) };
    await expect(sent(jwtAuth({ ...options, algorithm: "RS256", key: value("no key") }))).rejects.toMatchObject({
      code: "auth-failed",
      message: "The private key cannot sign with RS256.",
    });
  });
});

it("a session is opened once, and anew when its life is over", async () => {
  await using api = await apiServer(({ url, headers }, response, index) =>
    url.pathname === "/login"
      ? sendJson(response, { session: { id: `s${index}` } })
      : sendJson(response, { data: [{ id: headers["x-session"] }] }),
  );
  let nowMs = 0;
  await using stage = engineStage({ clock: { ...systemClock, monotonicMs: () => nowMs } as Clock });
  const authenticator = sessionAuth({
    login: planOf(api.address, { path: "/login", method: "POST", requestParts: () => ({ json: { user: "u" } }) })
      .retriever.requester,
    rules: { policies: [], limitStatus: [], concurrencyMax: 1 },
    decoder: jsonDecoder(),
    path: ["session", "id"],
    lifeMs: 1000,
    carry: (token) => ({ headers: { "X-Session": token } }),
  });
  const read = async (): Promise<unknown> =>
    (await readAll(stage, planOf(api.address, { path: "/x", requester: { authenticator } }))).records[0]?.["id"];
  expect(await Promise.all([read(), read()])).toEqual(["s0", "s0"]);
  nowMs = 2000;
  expect(await read()).not.toBe("s0");
  expect(api.seen.filter(({ url }) => url.pathname === "/login")).toHaveLength(2);
});

it("a session that the user has is asked after, and replaced when it is refused", async () => {
  await using api = await apiServer(({ url, headers }, response) => {
    if (url.pathname === "/login") return sendJson(response, { id: "new" });
    if (url.pathname === "/me" && headers["x-session"] !== "good") return sendStatus(response, 401);
    return sendJson(response, { data: [{ id: headers["x-session"] }] });
  });
  const carry = (token: string): RequestParts => ({ headers: { "X-Session": token } });
  const asking = (path: string, parts: RequestParts): Requester =>
    planOf(api.address, { path, requestParts: () => parts }).retriever.requester;
  const read = async (token: string): Promise<unknown> => {
    await using stage = engineStage();
    const authenticator = sessionAuth({
      login: asking("/login", {}),
      issued: { token, check: asking("/me", carry(token)) },
      rules: { policies: [], limitStatus: [], concurrencyMax: 1 },
      decoder: jsonDecoder(),
      path: ["id"],
      lifeMs: 1000,
      carry,
    });
    return (await readAll(stage, planOf(api.address, { path: "/x", requester: { authenticator } }))).records[0]?.["id"];
  };
  expect([await read("good"), await read("old")]).toEqual(["good", "new"]);
  expect(api.seen.map(({ url }) => url.pathname)).toEqual(["/me", "/x", "/me", "/login", "/x"]);
});

describe("signatures", () => {
  it("AWS Signature Version 4, as its documentation computes it", async () => {
    const clock = { ...systemClock, nowMs: () => Date.UTC(2015, 7, 30, 12, 36) } as Clock;
    const auth = sigV4Auth({
      accessKeyId: value("AKIDEXAMPLE"),
      secretAccessKey: value("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1",
      service: "iam",
    });
    const headers = await auth.sign?.(engineStage({ clock }), {
      method: "GET",
      url: new URL("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    });
    expect(headers?.["authorization"]).toContain(
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });

  it("AWS Signature Version 4 orders parameters by name, not by what follows it", async () => {
    const sign = async (search: string): Promise<string | undefined> => {
      const clock = { ...systemClock, nowMs: () => Date.UTC(2015, 7, 30) } as Clock;
      const key = { accessKeyId: value("a"), secretAccessKey: value("s"), region: "r", service: "ec2" };
      const url = new URL(`https://ec2.amazonaws.com/${search}`);
      return (await sigV4Auth(key).sign?.(engineStage({ clock }), { method: "GET", url, headers: {} }))?.[
        "authorization"
      ];
    };
    const canonical = [
      "GET\n/\nFilter.1=b&Filter.10=a&Filter.10=c",
      "host:ec2.amazonaws.com\nx-amz-date:20150830T000000Z\n",
      "host;x-amz-date",
      createHash("sha256").digest("hex"),
    ].join("\n");
    const mac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
    const key = ["20150830", "r", "ec2", "aws4_request"].reduce<Buffer>(mac, Buffer.from("AWS4s"));
    const hashed = createHash("sha256").update(canonical).digest("hex");
    const signature = mac(key, `AWS4-HMAC-SHA256\n20150830T000000Z\n20150830/r/ec2/aws4_request\n${hashed}`);
    expect(await sign("?Filter.10=c&Filter.10=a&Filter.1=b")).toContain(`Signature=${signature.toString("hex")}`);
  });

  it("HMAC over what the upstream wants covered", async () => {
    const request = await sent(
      hmacAuth({
        secret: value("s"),
        algorithm: "sha256",
        encoding: "hex",
        covers: ["timestamp", "method", "path", "query", "body-sha256", "body"],
        separator: "\n",
        header: "X-Signature",
        prefix: "v1=",
        timestamp: { header: "X-Time", unit: "s" },
      }),
    );
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const text = [String(request.headers["x-time"]), "GET", "/x", "a=1", empty, ""].join("\n");
    expect(request.headers["x-signature"]).toBe(`v1=${createHmac("sha256", "s").update(text).digest("hex")}`);
  });
});

it("a certificate proves the connection, and only with it", async () => {
  const { certificate, key } = testIdentity;
  const server = createServer(
    { cert: certificate, key, ca: certificate, requestCert: true, rejectUnauthorized: true },
    (_, response) => response.end('{"data":[{"id":1}]}'),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  await using stage = engineStage();
  const read = async (authenticator: Authenticator): Promise<number> =>
    (await readAll(stage, planOf(address, { path: "/", requester: { authenticator } }))).records.length;
  const identity = { certificate, key, authorities: certificate };
  expect(await read(certificateAuth(() => Promise.resolve(identity), bearerAuth(value("t"))))).toBe(1);
  await expect(read(noAuth)).rejects.toMatchObject({ code: "upstream-unavailable" });
  await new Promise((resolve) => server.close(resolve));
});
