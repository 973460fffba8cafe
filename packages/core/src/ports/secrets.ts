// References to secrets resolve here, as late as possible; values never enter definitions, plans, logs or errors.

/** What a definition holds instead of a value. */
export interface SecretRef {
  readonly $secret: string;
}

/** A reference to a plain environment setting (an address, a folder): shown in plans, unlike a secret. */
export interface EnvRef {
  readonly $env: string;
  readonly fallback?: string;
}

/** A value that refuses to be printed: `String(x)`, JSON and inspection give `[secret]`. */
export interface SecretValue {
  reveal(): string;
}

/** Secrets that an upstream issued and that must outlive the process, such as a refresh token that is good for one use. */
export interface KeptSecrets {
  /** Undefined when nothing was kept under this name. */
  get(name: string): Promise<SecretValue | undefined>;
  /** Resolves after the value is durable: only then may what it replaced be spent. @throws MillraceError storage-failed, storage-full */
  put(name: string, value: string): Promise<void>;
}

export interface Secrets {
  readonly kept: KeptSecrets;
  /** @throws MillraceError secret-missing, naming the reference and where it was looked for */
  resolve(ref: SecretRef): Promise<SecretValue>;
  setting(ref: EnvRef): string;
}
