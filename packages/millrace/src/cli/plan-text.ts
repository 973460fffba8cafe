// A plan for people: one line per change, conflicts with their hint.
import type { ProjectPlan } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";

const signs: Readonly<Record<string, string>> = { create: "+", retire: "-", conflict: "!" };

export function planText(plan: Wire<ProjectPlan>): string {
  const notes = `${rulesText(plan)}${streamsText(plan)}`;
  if (plan.empty) return `plan: nothing changes${notes}`;
  const lines = plan.changes.map(({ action, subject, name, summary, error }) => {
    const hint = error === undefined ? "" : `\n      hint: ${error.hint}`;
    return `  ${signs[action] ?? "~"} ${subject} ${name}: ${summary}${hint}`;
  });
  const verdict =
    plan.conflicts.length === 0 ? "" : `\n${plan.conflicts.length} in conflict: the plan cannot be adopted`;
  return `plan:\n${lines.join("\n")}${verdict}${notes}`;
}

const ruleNotes = { "loader-only": "judged by the loader alone", dropped: "does not run" } as const;

function rulesText({ rules }: Wire<ProjectPlan>): string {
  if (rules.length === 0) return "";
  const lines = rules.map(({ code, note, because }) => `  ${code}: ${ruleNotes[note]}, because ${because}`);
  return `\nrules:\n${lines.join("\n")}`;
}

const readings = { bytes: "pages stay bytes", records: "records are built" } as const;

function streamsText({ streams }: Wire<ProjectPlan>): string {
  if (streams.length === 0) return "";
  const lines = streams.map(
    ({ channel, stream, reads, because }) => `  ${channel} ${stream}: ${readings[reads]}, because ${because}`,
  );
  return `\nstreams:\n${lines.join("\n")}`;
}
