// The terminal that a command talks to, as a parameter: tests bring their own.

/** A stream that a person or a program reads. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  /** Answers: what a program may read. */
  readonly out: Output;
  /** Everything else: progress, hints, errors, logs. */
  readonly err: Output;
  readonly cwd: string;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * The process' own terminal. The first Ctrl-C asks the command to end cleanly; a second one ends the process at once.
 */
export function processIo(): Io {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  // A reader that has seen enough (`millrace query ... | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
  return { out: process.stdout, err: process.stderr, cwd: process.cwd(), signal: stop.signal };
}
