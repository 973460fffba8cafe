// `millrace connector add | check | discover | read`: connector manifests before a project's channel uses them.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { MillraceError, stringifyExact, systemClock } from "@millrace/core";
import type { CheckResult, ConfigField, DiscoveredStream, PreviewTools, SourceDescription } from "@millrace/connectors";
import { command, commandGroup, CommandContext, wholeNumber, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";
import { terminalLog } from "../terminal-log.ts";

interface SourceOptions extends CommonOptions {
  readonly config?: string;
  readonly classes?: string;
}

const EXIT_FAILED = 1;
const limitDefault = 10;
const limitMax = 10_000;

export function connectorCommand(io: Io, exit: (code: number) => void): Command {
  const group = commandGroup("connector", "add connector manifests, and try them before a channel uses them", [
    "connector add https://example.com/source-crm.yaml",
    "connector discover connectors/source-crm.yaml --config crm.json",
    "connector read connectors/source-crm.yaml deals --config crm.json --limit 5",
  ]);
  for (const one of [addCommand(io), checkCommand(io, exit), discoverCommand(io), readCommand(io)])
    group.addCommand(one);
  return group;
}

function addCommand(io: Io): Command {
  return command("add", "bring a connector manifest into the project's folder connectors/", [
    "connector add ./source-crm.yaml",
    "connector add https://example.com/manifest.yaml --name source-crm",
  ])
    .argument("<manifest>", "path or http(s) address of the manifest")
    .option("--name <name>", "name of the file (default: that of the manifest)")
    .action(async (source: string, options: CommonOptions & { readonly name?: string }) => {
      const context = new CommandContext(io, options);
      const { addManifest } = await import("../../connector/add-manifest.ts");
      const { configFields } = await import("@millrace/connectors");
      const projectFolder = await context.projectFolder();
      const name = options.name === undefined ? {} : { name: options.name };
      const added = await withTools(context, ({ http }) =>
        addManifest({ source, projectFolder, cwd: io.cwd, http, signal: io.signal, ...name }),
      );
      const config = await configFields(resolve(projectFolder, added.file));
      context.answer({ ...added, config }, () =>
        [
          `${added.file}: ${added.streams} streams${added.unchanged ? " (was there already)" : ""}`,
          "",
          fieldTable(config),
          "",
          usage(added.file, config),
        ].join("\n"),
      );
    });
}

function sourceCommand(name: string, description: string, examples: readonly string[]): Command {
  return command(name, description, examples)
    .argument("<manifest>", "path of the manifest")
    .option(
      "-c, --config <file>",
      'JSON file with the config; secrets as {"$secret": "NAME"}, settings as {"$env": "NAME"} (default: {})',
    )
    .option("--classes <file>", "module that exports stand-ins for custom classes");
}

function checkCommand(io: Io, exit: (code: number) => void): Command {
  return sourceCommand("check", "read from the streams that the manifest checks a config with", [
    "connector check connectors/source-crm.yaml --config crm.json",
  ]).action(async (manifest: string, options: SourceOptions) => {
    const context = new CommandContext(io, options);
    const { checkConnection } = await import("@millrace/connectors");
    const result = await withTools(context, async (tools) =>
      checkConnection(await description(io, manifest, options), tools, io.signal),
    );
    context.answer(result, () => checkText(result));
    if (!result.ok) exit(EXIT_FAILED);
  });
}

function discoverCommand(io: Io): Command {
  return sourceCommand(
    "discover",
    "list the streams with their keys, cursors and columns, and the fields of the config",
    [
      "connector discover connectors/source-crm.yaml",
      "connector discover connectors/source-crm.yaml --config crm.json --json",
    ],
  ).action(async (manifest: string, options: SourceOptions) => {
    const context = new CommandContext(io, options);
    const { configFields, discoverStreams } = await import("@millrace/connectors");
    const config = await configFields(resolve(io.cwd, manifest));
    // Without a config nothing can be asked of the upstream; its fields are what is needed next.
    const streams =
      options.config === undefined
        ? undefined
        : await withTools(context, async (tools) =>
            discoverStreams(await description(io, manifest, options), tools, io.signal),
          );
    context.answer({ config, ...(streams === undefined ? {} : { streams }) }, () =>
      [
        fieldTable(config),
        ...(streams === undefined
          ? ["", "Next: give the config with --config to list the streams."]
          : ["", streamTable(streams)]),
      ].join("\n"),
    );
  });
}

function readCommand(io: Io): Command {
  return sourceCommand("read", "print the first records of a stream, one JSON object per line", [
    "connector read connectors/source-crm.yaml deals --config crm.json --limit 5",
  ])
    .argument("<stream>", "name of the stream")
    .option("-n, --limit <records>", `records to print, at most ${limitMax}`, wholeNumber(1, limitMax), limitDefault)
    .action(async (manifest: string, stream: string, options: SourceOptions & { readonly limit: number }) => {
      const context = new CommandContext(io, options);
      const { previewRecords } = await import("@millrace/connectors");
      const records = await withTools(context, async (tools) =>
        Array.fromAsync(
          previewRecords(await description(io, manifest, options), tools, {
            stream,
            limit: options.limit,
            signal: io.signal,
          }),
        ),
      );
      context.answer(records, () => records.map((record) => stringifyExact(record)).join("\n"));
    });
}

async function withTools<T>(context: CommandContext, work: (tools: PreviewTools) => Promise<T>): Promise<T> {
  const { withConnectorTools } = await import("../../connector/connector-tools.ts");
  const log = terminalLog(context.io.err, { level: "warn", clock: systemClock });
  const folder = await context.projectFolder();
  const allowAddresses = (await context.project()).config.allowAddresses ?? [];
  return withConnectorTools({ folder, dataFolder: await context.dataFolder(), allowAddresses, log }, work);
}

/** @throws MillraceError connector-config-invalid when the file is no JSON object */
async function description(io: Io, manifest: string, { config, classes }: SourceOptions): Promise<SourceDescription> {
  return {
    manifest: resolve(io.cwd, manifest),
    config: config === undefined ? {} : await configFile(resolve(io.cwd, config)),
    ...(classes === undefined ? {} : { classes: resolve(io.cwd, classes) }),
  };
}

async function configFile(path: string): Promise<SourceDescription["config"]> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw new MillraceError(
      "connector-config-invalid",
      `The config ${path} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
    );
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as SourceDescription["config"];
  } catch {
    // The reason that the parser gives may quote a secret.
  }
  throw new MillraceError("connector-config-invalid", `The config ${path} is not a JSON object.`);
}

function fieldTable(fields: readonly ConfigField[]): string {
  if (fields.length === 0) return "The config needs no fields.";
  return formatTable(
    ["config field", "type", "", "meaning"],
    fields.map(({ name, type, required, secret, summary }) => [
      name,
      type,
      [required ? "required" : "", secret ? "secret" : ""].filter(Boolean).join(", "),
      summary,
    ]),
  );
}

function streamTable(streams: readonly DiscoveredStream[]): string {
  const rows = streams.map(({ name, supported, key, cursor, columns }) => [
    name,
    supported ? "yes" : "no",
    key.join(", "),
    cursor ?? "",
    columns?.length ?? "",
  ]);
  const notes = streams.flatMap(({ reason, withoutEffect = [] }) => [
    ...(reason === undefined ? [] : [reason]),
    ...withoutEffect,
  ]);
  return [formatTable(["stream", "readable", "key", "cursor", "columns"], rows), ...notes].join("\n");
}

function checkText({ ok, streams }: CheckResult): string {
  const lines = streams.map(
    ({ name, ok: read, error }) => `${read ? "ok  " : "fail"}  ${name}${error === undefined ? "" : `: ${error}`}`,
  );
  const verdict = ok ? "The config works." : "The config does not work.";
  return [...lines, lines.length === 0 ? "With this config the manifest has no stream to check with." : verdict].join(
    "\n",
  );
}

/** What to write into a domain's channels.ts. */
function usage(file: string, config: readonly ConfigField[]): string {
  const needed = config.filter(({ required }) => required);
  const values = needed.map(
    ({ name, secret }) =>
      `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: ${secret ? `secret("${name.toUpperCase().replace(/\W/g, "_")}")` : "..."}`,
  );
  return `Next, in domains/<domain>/channels.ts:\n  export const feed = airbyte("../../${file}", { config: { ${values.join(", ")} } });`;
}
