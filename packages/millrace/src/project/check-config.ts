// Checks millrace.config.ts: exactly one project, known settings only, each of the right shape.
import { didYouMean, type ProjectConfig, type SourceLocation } from "@millrace/core";
import { parseByteSize } from "../instance/byte-size.ts";
import type { ProjectDeclaration } from "../define-project.ts";
import type { ProjectFiles } from "./project-files.ts";
import type { ProjectProblems } from "./project-problems.ts";
import type { RawExport } from "./raw-project.ts";

type Check = (value: unknown) => string | undefined;
type Shape = { readonly [setting: string]: Check | Shape };

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "is a text");
const name: Check = (value) =>
  typeof value === "string" && /^[a-z][a-z0-9_-]{0,62}$/i.test(value)
    ? undefined
    : "is a name of letters, digits, - and _";
const port: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535 ? undefined : "is a port, 0 to 65535";
const count: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 1 ? undefined : "is a whole number from 1";
const size: Check = (value) =>
  typeof value === "string" && parseByteSize(value) !== undefined ? undefined : 'is a size such as "512MiB" or "2GiB"';
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? undefined : "is a list of texts";

const textsByName: Check = (value) =>
  typeof value === "object" && value !== null && Object.values(value).every((item) => text(item) === undefined)
    ? undefined
    : 'is a text for each domain, such as { sales: "sales team <sales@example.com>" }';

const shape: Shape = {
  name,
  stores: { data: text },
  server: { host: text, port, bodyBytesMax: count },
  allowAddresses: texts,
  limits: { memory: size, threads: count },
  owners: textsByName,
};

/** The configuration, or an empty one after noting what is wrong. */
export function checkConfig(
  files: ProjectFiles,
  exports: readonly RawExport[],
  problems: ProjectProblems,
): ProjectConfig {
  const found = exports.filter(({ value }) => value.kind === "project");
  const declaration = found[0]?.value as ProjectDeclaration | undefined;
  if (declaration === undefined || found.length > 1) {
    problems.add(
      { file: files.config, line: 1 },
      `exports ${found.length === 0 ? "no project" : `${found.length} projects`}; exactly one is expected`,
      'Write: export const project = defineProject({ name: "shop" });',
    );
    return { name: "" };
  }
  const { kind: _kind, location, ...config } = declaration;
  if (config.name === undefined) problems.add(location, 'setting "name" is missing');
  checkShape(config, shape, { path: "", location: location ?? { file: files.config, line: 1 } }, problems);
  return config;
}

function checkShape(
  value: object,
  expected: Shape,
  at: { readonly path: string; readonly location: SourceLocation },
  problems: ProjectProblems,
): void {
  for (const [setting, given] of Object.entries(value)) {
    if (given === undefined) continue;
    const path = at.path === "" ? setting : `${at.path}.${setting}`;
    const check = Object.hasOwn(expected, setting) ? expected[setting] : undefined;
    if (check === undefined)
      problems.add(at.location, `setting "${path}" does not exist${didYouMean(setting, Object.keys(expected))}`);
    else if (typeof check !== "function") {
      if (typeof given === "object" && given !== null) checkShape(given, check, { ...at, path }, problems);
      else problems.add(at.location, `setting "${path}" is a group of ${Object.keys(check).join(", ")}`);
    } else {
      const problem = check(given);
      if (problem !== undefined)
        problems.add(at.location, `setting "${path}" ${problem}; received ${JSON.stringify(given)}`);
    }
  }
}
