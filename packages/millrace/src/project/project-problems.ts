// Collects what is wrong with a project, so that an author sees all of it at once and not one error per try.
import { atLocation, MillraceError, type ErrorReport, type SourceLocation } from "@millrace/core";

/** Problems that are listed in one message; the rest is counted. */
const SHOWN_MAX = 20;

export class ProjectProblems {
  readonly #found: ErrorReport[] = [];

  /** Notes a problem in the project's own words. */
  add(location: SourceLocation | undefined, message: string, hint?: string): void {
    const error = new MillraceError("project-invalid", `${atLocation(location)}${message}`, {
      ...(hint === undefined ? {} : { hint }),
      ...(location === undefined ? {} : { details: { file: location.file, line: location.line } }),
    });
    this.#found.push(error.toJSON());
  }

  /** Notes the coded error that `check` throws; anything else is a fault of ours and passes. */
  note(check: () => void): void {
    try {
      check();
    } catch (thrown) {
      if (!(thrown instanceof MillraceError)) throw thrown;
      this.#found.push(thrown.toJSON());
    }
  }

  /** @throws MillraceError the one problem as it is, or project-invalid with all of them in `details.problems` */
  throwIfAny(): void {
    const [first, ...rest] = this.#found;
    if (first === undefined) return;
    if (rest.length === 0) {
      const { code, message, ...options } = first;
      throw new MillraceError(code, message, options);
    }
    const shown = this.#found.slice(0, SHOWN_MAX).map(({ message }) => message);
    const more = this.#found.length - shown.length;
    throw new MillraceError("project-invalid", [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"), {
      hint: `Correct the ${this.#found.length} places; nothing was started.`,
      details: { problems: this.#found },
    });
  }
}
