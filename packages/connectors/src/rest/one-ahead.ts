// Prepares the next arrival while the one before is committed: fetching and loading take place side by side.

/**
 * Gives what `read` gives, in its order, one ahead of whoever asks. What was prepared and is not asked for any more is given up, and waited for, so
 * that nothing runs on behind the caller's back. An error comes in its turn.
 */
export async function* oneAhead<T>(
  read: (signal: AbortSignal) => AsyncGenerator<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void> {
  const stop = new AbortController();
  const source = read(AbortSignal.any([signal, stop.signal]));
  const ask = (): Promise<IteratorResult<T, unknown>> => {
    const next = source.next();
    // It is looked at in its turn, or never.
    next.catch(() => undefined);
    return next;
  };
  try {
    for (let next = ask(); ;) {
      const found = await next;
      if (found.done === true) return;
      next = ask();
      yield found.value;
    }
  } finally {
    stop.abort(new Error("What was prepared is not needed."));
    await source.return(undefined).catch(() => undefined);
  }
}
