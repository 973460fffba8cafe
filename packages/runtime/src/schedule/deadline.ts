// A wait that ends: with its result, or with deadline-exceeded.
import { MillraceError, type Clock } from "@millrace/core";

/** The work itself goes on; only the wait ends. @throws MillraceError deadline-exceeded */
export async function withDeadline<T>(
  clock: Clock,
  work: Promise<T>,
  deadline: { readonly ms: number; readonly message: string },
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(deadline.ms, () => late.reject(new MillraceError("deadline-exceeded", deadline.message)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
