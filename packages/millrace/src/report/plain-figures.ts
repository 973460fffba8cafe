// Figures as JavaScript numbers again: on their way through exact JSON those beyond 2^53 become bigints or keep their spelling.
import { isRawNumber } from "@millrace/core";
import type { Report } from "./report-graph.ts";

export function plainFigures(report: Report): Report {
  const quality = report.quality.map((table) => ({
    ...table,
    figures: table.figures.map((series) => ({
      ...series,
      points: series.points.map((point) => ({
        ...point,
        value: plain(point.value),
        low: point.low === null ? null : plain(point.low),
        high: point.high === null ? null : plain(point.high),
      })),
    })),
  }));
  return { ...report, quality };
}

function plain(value: unknown): number {
  return Number(isRawNumber(value) ? value.rawJSON : value);
}
