// A login request gives a token, which proves the requests that follow. One login at a time serves all that wait for it.
import { MillraceError } from "@millrace/core";
import type { Authenticator, Decoder, EngineContext, Requester } from "../components.ts";
import type { UpstreamRules } from "../manners/manners.ts";
import { valueAtPath } from "../record-path.ts";
import { sendRequest } from "../send-request.ts";
import type { Answer, RequestParts } from "../request.ts";

export interface SessionOptions {
  readonly login: Requester;
  readonly rules: UpstreamRules;
  readonly decoder: Decoder;
  /** Where the token stands in the answer. */
  readonly path: readonly string[];
  /** Absent: each request logs in anew. */
  readonly lifeMs?: number;
  /** What a request carries. */
  readonly carry: (token: string) => RequestParts;
  readonly credentialParams?: readonly string[];
  /** A token that the user has already: taken when the check is answered well, given up when it is refused with 401. */
  readonly issued?: { readonly token: string; readonly check: Requester };
}

const answerBytesMax = 1024 * 1024;

export function sessionAuth(options: SessionOptions): Authenticator {
  let known: { readonly token: string; readonly endsMs: number } | undefined;
  let flight: { readonly token: Promise<string>; readonly signal: AbortSignal } | undefined;
  return {
    ...(options.credentialParams === undefined ? {} : { credentialParams: options.credentialParams }),
    async parts(context, _, signal) {
      if (known !== undefined && context.clock.monotonicMs() < known.endsMs) return options.carry(known.token);
      const { lifeMs } = options;
      if (lifeMs === undefined) return options.carry(await login(context, options, signal));
      for (;;) {
        flight ??= { token: login(context, options, signal).finally(() => (flight = undefined)), signal };
        const begun = flight;
        try {
          const token = await begun.token;
          known = { token, endsMs: context.clock.monotonicMs() + lifeMs };
          return options.carry(token);
        } catch (thrown) {
          // Whoever began it was given up; the others still need it.
          if (signal.aborted || !begun.signal.aborted) throw thrown;
        }
      }
    },
    refresh() {
      known = undefined;
      return Promise.resolve();
    },
  };
}

/** @throws MillraceError auth-failed */
async function login(context: EngineContext, options: SessionOptions, signal: AbortSignal): Promise<string> {
  const { decoder, path, issued } = options;
  if (issued !== undefined) {
    context.redactor.add(issued.token);
    if (await isTaken(context, options, issued.check, signal)) return issued.token;
  }
  const read = async (answer: Answer): Promise<unknown> => (await Array.fromAsync(decoder.documents(answer)))[0];
  const sent = await send(context, options, { requester: options.login, read }, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof MillraceError) || thrown.kind === "transient") throw thrown;
    throw new MillraceError("auth-failed", `The login failed: ${thrown.message}`, { cause: thrown });
  });
  const found = sent.kind === "answer" ? valueAtPath(sent.value, path) : undefined;
  if ((typeof found !== "string" || found === "") && typeof found !== "number")
    throw new MillraceError("auth-failed", `The login's answer has no token at ${path.join(".")}.`);
  context.redactor.add(String(found));
  return String(found);
}

async function isTaken(
  context: EngineContext,
  options: SessionOptions,
  check: Requester,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await send(context, options, { requester: check, read: () => Promise.resolve(undefined) }, signal);
    return true;
  } catch (thrown) {
    if (thrown instanceof MillraceError && thrown.details?.["status"] === 401) return false;
    throw thrown;
  }
}

function send(
  context: EngineContext,
  { rules }: SessionOptions,
  { requester, read }: { readonly requester: Requester; readonly read: (answer: Answer) => Promise<unknown> },
  signal: AbortSignal,
): ReturnType<typeof sendRequest<unknown>> {
  const slice = { partition: {}, window: {}, extra: {} };
  return sendRequest<unknown>(
    {
      context: { ...context, personal: true },
      requester,
      rules,
      at: { slice, token: undefined },
      parts: {},
      bytesMax: answerBytesMax,
      jitter: { baseMs: 500, capMs: 10_000 },
      read,
    },
    signal,
  );
}
