// Every hand-labelled application gets the decision and the reasons that a person gave it, under each setting; and the real files come out as counted
// by a separate reader.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { silentLogger } from "@millrace/core";
import { loadProject, openPlatform, type OpenedPlatform } from "millrace/embed";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { consolidate } from "./consolidate.ts";
import { independentDecisions, readApplications } from "./independent-decisions.ts";

const labelled = join(import.meta.dirname, "labelled");
const real = resolve(
  process.env["MEMBERSHIP_APPLICATIONS"] ?? join(import.meta.dirname, "../../../shared/data/membership-applications"),
);

const decisions: Readonly<Record<string, readonly string[]>> = {
  "ann@able.com": [],
  "ben@border.net": ["of_age"],
  "cat@close.com": ["of_age"],
  "nobody@able.com": ["name.required"],
  "dan@dole.net": [],
  "eve@early.org": ["email_accepted"],
  "flo@few.com": ["mobile_no.pattern"],
  "gus@gap.com": ["mobile_no.pattern"],
  "hal@hoax.com": ["birthday_exists"],
  "ida@ink.com": ["birthday_plausible"],
  "jon-at-jest.com": ["email.email"],
  "kim@keen.com": ["date_of_birth.required"],
  "lee@long.com": ["mobile_no.pattern"],
  "max@mix.org": ["mobile_no.pattern", "of_age", "email_accepted"],
  "oda@emailprovider.com": [],
  "pat@PAST.COM": ["birthday_exists"],
};

let folder: string;
let opened: OpenedPlatform | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-membership-"));
});

afterEach(async () => {
  await opened?.close();
  opened = undefined;
  for (const name of Object.keys(process.env)) if (name.startsWith("MEMBERSHIP_A")) delete process.env[name];
  delete process.env["MEMBERSHIP_EMAIL_ENDINGS"];
  rmSync(folder, { recursive: true, force: true });
});

async function run(drops: string, settings: Readonly<Record<string, string>> = {}): Promise<OpenedPlatform> {
  Object.assign(process.env, settings, { MEMBERSHIP_DROPS: drops });
  const project = await loadProject(import.meta.dirname);
  opened = await openPlatform({ project, dataFolder: join(folder, "data"), log: silentLogger });
  await opened.platform.start({ live: false });
  expect((await opened.platform.runUntilIdle({})).errors).toEqual([]);
  return opened;
}

async function rows(sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await opened!.platform.warehouse.query(sql)).rows;
}

/** Short codes by address: without the contract, and without `row.` of rules. */
async function verdicts(): Promise<Record<string, readonly string[]>> {
  const good = await rows("SELECT email FROM members.applications");
  const bad = await rows("SELECT json_extract_string(original, '$.email'), codes FROM millrace.quarantine");
  const short = (codes: unknown): string[] =>
    (codes as string[]).map((code) => code.replace("applications.", "").replace("row.", ""));
  return Object.fromEntries([
    ...good.map(([email]) => [email, []]),
    ...bad.map(([email, codes]) => [email, short(codes)]),
  ]) as Record<string, readonly string[]>;
}

test("each labelled application is decided as its label says, and split as it should be", async () => {
  await run(labelled);
  expect(await verdicts()).toEqual(decisions);
  expect(
    await rows("SELECT first_name, last_name, birthday, membership_id FROM members.successful ORDER BY 2"),
  ).toEqual([
    ["Ann", "Able", "20031231", "Able_8d7b1"],
    ["Dan", "Dole", "19801231", "Dole_d195f"],
    ["Mary Jane", "Oda", "20000229", "Oda_78958"],
  ]);
});

test("the settings move the age boundary and the accepted addresses", async () => {
  await run(labelled, {
    MEMBERSHIP_AGE_RULE: "reached",
    MEMBERSHIP_EMAIL_ENDINGS: "@emailprovider.com,@emailprovider.net,@border.net",
  });
  const decided = await verdicts();
  expect(
    Object.keys(decided)
      .filter((email) => decided[email]?.length === 0)
      .sort(),
  ).toEqual(["ben@border.net", "oda@emailprovider.com"]);
  expect(decided["cat@close.com"]).toEqual(["of_age", "email_accepted"]);
});

test("both sets are written as whole files, reasons with the refused", async () => {
  const written = await consolidate(await run(labelled), join(folder, "out"));
  expect([written.successful.rows, written.unsuccessful.rows]).toEqual([3, 13]);
  const lines = readFileSync(written.unsuccessful.path, "utf8").trimEnd().split("\n");
  expect(lines[0]).toBe("name,email,date_of_birth,mobile_no,reasons");
  expect(lines.at(-2)).toBe(
    "Max Mix,max@mix.org,2010-05-05,12,applications.mobile_no.pattern applications.row.of_age applications.row.email_accepted",
  );
  expect(readFileSync(written.successful.path, "utf8")).toContain(
    "Dan,Dole,19801231,true,Dole_d195f,dan@dole.net,81234567",
  );
});

test("a setting that says nothing is refused with its name", async () => {
  process.env["MEMBERSHIP_AGE_RULE"] = "about";
  process.env["MEMBERSHIP_DROPS"] = labelled;
  await expect(loadProject(import.meta.dirname)).rejects.toThrow(/MEMBERSHIP_AGE_RULE is over or reached/);
});

// The real files are not part of the project; the README says what they are.
describe.runIf(existsSync(join(real, "applications_dataset_1.csv")))("with the real files", () => {
  test("decisions and ids equal those of a separate reader, before and after a repair of spaced numbers", async () => {
    const { platform } = await run(real);
    const applications = readApplications(real, ["applications_dataset_1.csv", "applications_dataset_2.csv"]);
    const ids = async (): Promise<unknown[]> =>
      (await rows("SELECT membership_id FROM members.successful ORDER BY 1")).map(([id]) => id);
    const strict = independentDecisions(applications, { removeSpaces: false });
    expect(strict).toHaveLength(526);
    expect(await ids()).toEqual(strict);
    const [channel] = (await platform.status()).channels;
    expect(channel).toMatchObject({ received: 4_999n, accepted: 526n, quarantined: 4_473n });
    const fix = {
      kind: "fix",
      selection: { table: "members.applications", where: "regexp_full_match(mobile_no, '[0-9]{4} [0-9]{4}')" },
      change: { kind: "sql", set: { mobile_no: "replace(mobile_no, ' ', '')" } },
      readmit: true,
      by: "membership office",
    } as const;
    const tried = await platform.quarantineAct({ ...fix, id: "try", dryRun: true });
    expect([tried.rows, tried.readmitted]).toEqual([304n, 180n]);
    expect(await platform.quarantineAct({ ...fix, id: "spaced" })).toMatchObject({ rows: 304n, readmitted: 180n });
    const relaxed = independentDecisions(applications, { removeSpaces: true });
    expect(relaxed).toHaveLength(706);
    expect(await ids()).toEqual(relaxed);
    expect((await platform.status()).quarantine).toEqual({ open: 4_293n, held: 0n, readmitted: 180n, discarded: 0n });
    const again = await platform.runUntilIdle({});
    expect(again.channels).toMatchObject([{ received: 4_999n, batches: channel?.batches }]);
  });
});
