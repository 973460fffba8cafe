// AsyncRetriever: a job that is created, asked after and downloaded.
import type { AsyncRetriever, JobStatus, Requester } from "../../rest-engine/components.ts";
import { valueAtPath, valuesAtPath } from "../../rest-engine/record-path.ts";
import type { RequestContext } from "../../rest-engine/slice.ts";
import { isComponent } from "../load/source-lines.ts";
import { str } from "../template/python-text.ts";
import { AttributedMapping } from "../template/python-values.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { decoder } from "./decoders.ts";
import { paginator } from "./paginators.ts";
import { requester } from "./requesters.ts";
import { normaliser } from "./schema-normalisation.ts";
import { selector } from "./selectors.ts";
import { streamSchema } from "../schema/stream-schema.ts";

const pollMinutesDefault = 60;

/** @param jobsMax jobs of neighbouring windows that may run side by side */
export function asyncRetriever(stream: Part, retriever: Part, jobsMax: number): AsyncRetriever {
  const records = retriever.need("record_selector");
  const normalise = normaliser(records, () => streamSchema(stream.of, stream.context.lines.file));
  const target = retriever.part("download_target_requester");
  const optional = (field: "abort_requester" | "delete_requester") => retriever.part(field);
  const [abort, remove] = [optional("abort_requester"), optional("delete_requester")];
  const creation = requester(retriever.need("creation_requester"));
  const later = (part: Part): Requester => afterCreation(requester(part), creation);
  return {
    kind: "async",
    creation,
    polling: later(retriever.need("polling_requester")),
    ...(target === undefined ? {} : { target: later(target) }),
    download: later(retriever.need("download_requester")),
    ...(abort === undefined ? {} : { abort: later(abort) }),
    ...(remove === undefined ? {} : { remove: later(remove) }),
    decoder: decoder(retriever.part("decoder")),
    status: statusOf(retriever),
    targets: targetsOf(retriever.part("download_target_extractor")),
    downloadDecoder: downloadDecoder(retriever),
    downloadPaginator: paginator(retriever.part("download_paginator")),
    selector: selector({
      selector: downloadSelector(records, retriever),
      transformations: stream.parts("transformations"),
      filtersByCursor: false,
      ...(normalise === undefined ? {} : { normalise }),
    }),
    pollTimeoutMs: (retriever.integer("polling_job_timeout") ?? pollMinutesDefault) * 60_000,
    retryWaitMs: (retriever.integer("failed_retry_wait_time_in_seconds") ?? 0) * 1000,
    jobsMax,
  };
}

/** Templates of later requests may read the headers that the creation declared: `extra_fields["creation_response"].request.headers`. */
function afterCreation(later: Requester, creation: Requester): Requester {
  const { template } = later;
  const seen = (at: RequestContext): RequestContext => {
    const created = at.slice.extra["creation_response"];
    if (!isComponent(created)) return at;
    const { headers = {} } = creation.template.parts({ slice: at.slice, token: undefined });
    const response = new AttributedMapping(created, { request: { headers } });
    return { ...at, slice: { ...at.slice, extra: { ...at.slice.extra, creation_response: response } } };
  };
  return {
    ...later,
    template: {
      ...template,
      url: (at, found) => template.url(seen(at), found),
      parts: (at) => template.parts(seen(at)),
    },
  };
}

/** A large answer is CSV, whatever the decoder says. */
function downloadDecoder(retriever: Part): AsyncRetriever["downloadDecoder"] {
  const declared = retriever.part("download_decoder");
  const toFile = retriever.part("download_extractor")?.type === "ResponseToFileExtractor";
  return declared === undefined && toFile ? decoder(asCsv(retriever)) : decoder(declared);
}

function asCsv(retriever: Part): Part {
  return retriever.with({ type: "CsvDecoder", delimiter: ",", encoding: "utf-8" });
}

/** Records of a download are found by its own extractor; filter and order come from the stream's selector. */
function downloadSelector(records: Part, retriever: Part): Part {
  const declared = retriever.part("download_extractor");
  const extractor =
    declared === undefined || declared.type === "ResponseToFileExtractor"
      ? { type: "DpathExtractor", field_path: [] }
      : declared.of;
  return records.with({ ...records.of, extractor });
}

const statuses: readonly (readonly [string, JobStatus])[] = [
  ["running", "running"],
  ["completed", "completed"],
  ["failed", "failed"],
  ["timeout", "timed-out"],
  ["skipped", "skipped"],
];

function statusOf(retriever: Part): (polled: unknown) => JobStatus {
  const mapping = retriever.need("status_mapping");
  const known = new Map<string, JobStatus>();
  for (const [field, status] of statuses) for (const word of mapping.path(field)) known.set(word, status);
  const extract = extractor(retriever.need("status_extractor"));
  return (polled) => {
    const [word] = extract(polled);
    const status = known.get(str(word ?? null));
    if (status === undefined)
      throw mapping.invalid(
        "running",
        `the upstream answered the job status ${JSON.stringify(word)}, which no field of status_mapping has`,
      );
    return status;
  };
}

function targetsOf(declared: Part | undefined): (document: unknown) => readonly string[] {
  if (declared === undefined) return () => [];
  const extract = extractor(declared);
  return (document) => extract(document).map(str);
}

function extractor(declared: Part): (document: unknown) => readonly unknown[] {
  if (declared.type === "CustomRecordExtractor") {
    const extract = customPart(declared, "CustomRecordExtractor");
    return (document) => [...extract(document, declared.place("extractor"))];
  }
  const path = declared.path("field_path");
  return (document) => {
    const found = path.includes("*") ? valuesAtPath(document, path) : valueAtPath(document, path);
    return Array.isArray(found) ? (found as unknown[]) : found === undefined ? [] : [found];
  };
}
