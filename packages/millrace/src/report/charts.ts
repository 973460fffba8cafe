// Two small pictures: accepted and quarantined rows per batch as bars, and a figure over time with the band that was usual.
import type { BatchQuality, FigureSeries } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";
import { html, nothing, type Html } from "./html.ts";
import { moment, whole } from "./page.ts";

const size = { height: 90, step: 22, bar: 16, top: 8 } as const;

/** Bars of the batches, oldest first; the table beside it says the same in numbers. */
export function trendChart(trend: readonly Wire<BatchQuality>[]): Html {
  if (trend.length === 0) return nothing;
  const most = Math.max(1, ...trend.map(({ accepted, quarantined }) => accepted + quarantined));
  const scale = (rows: number): number => Math.round((rows / most) * (size.height - size.top) * 100) / 100;
  const bars = trend.map((batch, at) => {
    const [good, bad] = [scale(batch.accepted), Math.max(batch.quarantined > 0 ? 2 : 0, scale(batch.quarantined))];
    const x = at * size.step + 3;
    const said = `Batch ${batch.batch}, ${moment(batch.committedMs)}: ${whole(batch.accepted)} accepted, ${whole(batch.quarantined)} quarantined`;
    return html`<g
      ><title>${said}</title
      ><rect class="ok" x="${x}" y="${size.height - good}" width="${size.bar}" height="${good}" /><rect
        class="ko"
        x="${x}"
        y="${size.height - good - bad}"
        width="${size.bar}"
        height="${bad}"
    /></g> `;
  });
  const width = trend.length * size.step + 6;
  return html`<svg
    role="img"
    aria-label="Accepted and quarantined rows of the last ${trend.length} batches"
    width="${width}"
    height="${size.height + 4}"
    viewBox="0 -2 ${width} ${size.height + 4}"
  >
    ${bars}
  </svg>`;
}

/** The figure as a line, what was usual as a band behind it, points that failed marked. */
export function figureChart({ code, dimension, points }: Wire<FigureSeries>): Html {
  if (points.length < 2) return nothing;
  const edges = points.flatMap(({ value, low, high }) => [
    value,
    ...(low === null ? [] : [low]),
    ...(high === null ? [] : [high]),
  ]);
  const [least, most] = [Math.min(...edges), Math.max(...edges)];
  const range = most - least || 1;
  const x = (at: number): number => at * size.step + 8;
  const y = (value: number): number =>
    Math.round((size.height - ((value - least) / range) * (size.height - 2 * size.top) - size.top) * 100) / 100;
  const banded = points.flatMap(({ low, high }, at) => (low === null || high === null ? [] : [{ at, low, high }]));
  const outline = [
    ...banded.map(({ at, high }) => `${x(at)},${y(high)}`),
    ...[...banded].reverse().map(({ at, low }) => `${x(at)},${y(low)}`),
  ].join(" ");
  const line = points.map(({ value }, at) => `${x(at)},${y(value)}`).join(" ");
  const dots = points.map(
    ({ value, state, atMs }, at) =>
      html`<circle
        class="${state === "fails" ? "dot ko" : "dot"}"
        cx="${x(at)}"
        cy="${y(value)}"
        r="${state === "fails" ? 4 : 2.5}"
        ><title>${moment(atMs)}: ${value}, ${state}</title></circle
      >`,
  );
  const width = points.length * size.step + 10;
  const said = `${code}${dimension === "" ? "" : ` of ${dimension}`}: last ${points.length} figures, from ${least} to ${most}, ${points.filter(({ state }) => state === "fails").length} failed`;
  return html`<svg
    role="img"
    aria-label="${said}"
    width="${width}"
    height="${size.height}"
    viewBox="0 0 ${width} ${size.height}"
  >
    <polygon class="band" points="${outline}" />
    <polyline class="figure" points="${line}" />
    ${dots}
  </svg>`;
}
