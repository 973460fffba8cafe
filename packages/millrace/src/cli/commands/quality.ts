// `millrace quality`: what share of rows passes, which rules fail and what waits in quarantine, by table; or all that is known of one table.
import type { Command } from "commander";
import type { FigureSeries, QualitySummary, RuleQuality, TableQuality } from "@millrace/runtime";
import type { Wire } from "../../admin/admin.ts";
import { when } from "../channel-report.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";

export function qualityCommand(io: Io): Command {
  return command("quality", "show pass rates, failing rules and quarantine, of all tables or of one", [
    "quality",
    "quality sales.sales",
    "quality sales.sales --json",
  ])
    .argument("[table]", "domain.table; all when absent")
    .action(async (table: string | undefined, options: CommonOptions) => {
      const context = new CommandContext(io, options);
      if (table === undefined) {
        const tables = await context.admin({ live: false }, (admin) => admin.quality());
        context.answer(tables, () => summaryText(tables));
        return;
      }
      const quality = await context.admin({ live: false }, (admin) => admin.qualityOf(table));
      context.answer(quality, () => tableText(quality));
    });
}

function summaryText(tables: readonly Wire<QualitySummary>[]): string {
  if (tables.length === 0) return "no tables";
  return formatTable(
    ["table", "passes", "rules", "failing", "open", "held", "last run", "owner"],
    tables.map(({ table, passRate, rules, failing, quarantine, lastRun, owner }) => [
      table,
      percent(passRate),
      rules,
      failing.join(", "),
      quarantine.open,
      quarantine.held,
      when(lastRun?.committedMs),
      owner ?? "",
    ]),
  );
}

function tableText(quality: Wire<TableQuality>): string {
  const { table, owner, passRate, lastRun, quarantine, samples, figures } = quality;
  const { open, held, readmitted, discarded } = quarantine;
  const ran = lastRun === undefined ? "no run yet" : `last run ${when(lastRun.committedMs)} (batch ${lastRun.batch})`;
  return [
    `${table}${owner === undefined ? "" : `, owner ${owner}`}: ${percent(passRate) || "nothing judged"}, ${ran}`,
    `quarantine: ${open} open, ${held} held, ${readmitted} readmitted, ${discarded} discarded`,
    "",
    formatTable(["rule", "severity", "passes", "failed", "judged", "last failure"], quality.rules.map(ruleCells)),
    "",
    formatTable(
      ["batch", "committed", "received", "accepted", "quarantined", "duplicate"],
      quality.trend.map((one) => [
        one.batch,
        when(one.committedMs),
        one.received,
        one.accepted,
        one.quarantined,
        one.duplicate,
      ]),
    ),
    ...(figures.length === 0 ? [] : ["", figureTable(figures)]),
    ...(samples.length === 0
      ? []
      : [
          "",
          formatTable(
            ["batch", "row", "reasons"],
            samples.map(({ batch, row, reasons }) => [batch, row, reasons.join("; ")]),
          ),
        ]),
  ].join("\n");
}

function ruleCells(rule: Wire<RuleQuality>): readonly unknown[] {
  const { verdict, lastFailure, judges } = rule;
  const passes = judges === "clock" || rule.passRate === null ? (verdict?.state ?? "") : percent(rule.passRate);
  const last =
    lastFailure === undefined
      ? ""
      : `batch ${lastFailure.batch}${lastFailure.found === undefined ? "" : `: ${lastFailure.found}`}`;
  return [rule.code, rule.severity, passes, rule.failed, rule.judged, verdict === undefined ? last : verdict.found];
}

function figureTable(figures: readonly Wire<FigureSeries>[]): string {
  return formatTable(
    ["figure", "value of", "last", "usual from", "to", "state"],
    figures.map(({ code, dimension, points }) => {
      const last = points.at(-1);
      return [code, dimension, last?.value, last?.low, last?.high, last?.state];
    }),
  );
}

function percent(rate: number | null): string {
  // Never 100 % while something failed.
  return rate === null ? "" : `${rate === 1 ? "100" : Math.min(99.99, Math.floor(rate * 10_000) / 100).toFixed(2)} %`;
}
