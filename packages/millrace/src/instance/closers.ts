// Closes what was opened, last first. One that fails does not keep the others open.

export class Closers {
  readonly #waiting: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  add(close: () => Promise<unknown>): void {
    this.#waiting.push(close);
  }

  /** Once; later calls wait for the first. @throws the first error, after all were tried */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    let failed: { readonly error: unknown } | undefined;
    for (const close of this.#waiting.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }
}
