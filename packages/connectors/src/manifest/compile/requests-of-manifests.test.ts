// What requests of compiled manifests carry, where the reference's way is easily missed: proofs of token requests, headers of jobs.
import { expect, it } from "vitest";
import { apiServer, sendJson } from "../../testing/api-server.ts";
import { engineStage, readAll } from "../../testing/engine-stage.ts";
import { loadManifest } from "../load/load-manifest.ts";
import { AirbyteSource } from "../source/airbyte-source.ts";
import type { StreamPlan } from "../../rest-engine/components.ts";

function plan(streams: string, config: Readonly<Record<string, unknown>>): StreamPlan {
  const text = `version: 6.0.0\ncheck: { type: CheckStream, stream_names: [items] }\nstreams:\n${streams}`;
  const surroundings = { nowMicros: () => 0n, uuid: () => "" };
  const source = new AirbyteSource({ manifest: loadManifest(text, "source-x.yaml"), config, surroundings });
  return source.plan("items", { hasState: false });
}

const selector = `record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [data] } }`;

it("a token is asked for without credentials in the form when a header has them", async () => {
  await using api = await apiServer(({ url }, response) =>
    sendJson(response, url.pathname === "/token" ? { access_token: "t", expires_in: 60 } : { data: [{ id: 1 }] }),
  );
  await using stage = engineStage();
  const stream = `
  - type: DeclarativeStream
    name: items
    retriever:
      type: SimpleRetriever
      requester:
        type: HttpRequester
        url_base: "{{ config['api'] }}"
        path: items
        authenticator:
          type: OAuthAuthenticator
          token_refresh_endpoint: "{{ config['api'] }}/token"
          client_id: me
          client_secret: secret
          refresh_token: r1
          refresh_request_headers: { Authorization: "Basic {{ 'me:secret' | base64encode }}" }
      ${selector}`;
  await readAll(stage, plan(stream, { api: api.address }) as Parameters<typeof readAll>[1]);
  expect(api.seen[0]?.body).toBe("grant_type=refresh_token&refresh_token=r1");
  expect(api.seen[0]?.headers["authorization"]).toBe("Basic bWU6c2VjcmV0");
});

it("later requests of a job read the headers that its creation declared", async () => {
  await using api = await apiServer(({ url }, response) =>
    sendJson(
      response,
      url.pathname.endsWith("/result") ? [{ id: 1 }] : { id: "j1", status: "done", url: `${api.address}/result` },
    ),
  );
  await using stage = engineStage();
  const requester = (method: string, path: string, scope: string): string =>
    `{ type: HttpRequester, url_base: "{{ config['api'] }}", path: "${path}", http_method: ${method}, request_headers: { X-Scope: "${scope}" } }`;
  const stream = `
  - type: DeclarativeStream
    name: items
    retriever:
      type: AsyncRetriever
      status_mapping: { running: [busy], completed: [done], failed: [bad], timeout: [late] }
      status_extractor: { type: DpathExtractor, field_path: [status] }
      download_target_extractor: { type: DpathExtractor, field_path: [url] }
      creation_requester: ${requester("POST", "jobs", "tenant-7")}
      polling_requester: ${requester("GET", "jobs/{{ creation_response['id'] }}", "{{ stream_slice.extra_fields['creation_response'].request.headers['X-Scope'] }}")}
      download_requester: { type: HttpRequester, url_base: "", path: "{{ download_target }}", http_method: GET }
      ${selector}`;
  const { records } = await readAll(stage, plan(stream, { api: api.address }) as Parameters<typeof readAll>[1]);
  expect(records).toEqual([{ id: 1 }]);
  expect(api.seen.map(({ url, headers }) => [url.pathname, headers["x-scope"]])).toEqual([
    ["/jobs", "tenant-7"],
    ["/jobs/j1", "tenant-7"],
    ["/result", undefined],
  ]);
});
