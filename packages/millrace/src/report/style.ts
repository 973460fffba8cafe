// The look of the report, light and dark, in each page: a page can be sent on alone. No script, no font, no image from elsewhere.

export const style = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #55606e; --line: #d8dee6; --paper: #fff; --raised: #f5f7fa; --accent: #0b5cad; --good: #17713f; --bad: #b3261e; --wait: #8a5a00; --fill: #7fb8e6; --fill-bad: #e58a84; --band: #dbe9f6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3aebb; --line: #38424e; --paper: #12171d; --raised: #1b222b; --accent: #7fb8f0; --good: #6fce97; --bad: #ff9b93; --wait: #e7b75a; --fill: #3d7fb5; --fill-bad: #b0544e; --band: #23384c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.good, .bad, .wait { font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 1.2rem 0; padding: 0; list-style: none; }
.cards li { border: 1px solid var(--line); border-radius: 10px; background: var(--raised); padding: .7rem .9rem; }
.cards b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .5rem .7rem; }
th, td { text-align: left; vertical-align: top; padding: .42rem .7rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-top: 0; background: var(--raised); font-weight: 600; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font: .88em/1.45 ui-monospace, monospace; overflow-wrap: anywhere; } pre { white-space: pre-wrap; margin: 0; }
ul.plain { list-style: none; margin: 0; padding: 0; }
.tag { display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: 0 .5rem; font-size: .8rem; color: var(--soft); }
svg { display: block; max-width: none; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .soft { fill: var(--soft); } svg .node rect { fill: var(--raised); stroke: var(--line); } svg .node.failing rect { stroke: var(--bad); stroke-width: 2; } svg .node.here rect { stroke: var(--accent); stroke-width: 2; }
svg .edge { fill: none; stroke: var(--soft); stroke-width: 1.2; } svg .ok { fill: var(--fill); } svg .ko { fill: var(--fill-bad); } svg .band { fill: var(--band); } svg .figure { fill: none; stroke: var(--accent); stroke-width: 2; } svg .dot { fill: var(--accent); } svg .dot.ko { fill: var(--bad); }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
footer { color: var(--soft); font-size: .85rem; padding: 2rem 1.25rem 3rem; }
@media print { .skip { display: none; } .wide { overflow: visible; } }
`;
