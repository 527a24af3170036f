"""Defines the style sheet of the report, which follows the reader's light or dark setting."""

STYLE = """
:root { color-scheme: light dark; --paper: #f6f6f4; --card: #ffffff; --ink: #1d2329; --quiet: #68717a;
  --line: #e2e3e0; --good: #17795c; --poor: #c4471b; --curve: #33546e; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --card: #1e2226; --ink: #e6e8e9; --quiet: #98a1a8;
  --line: #31373c; --good: #3fb48d; --poor: #f07c4d; --curve: #9cc1dd; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 60px; }
h1 { font-size: 28px; margin: 0; } h2 { font-size: 18px; margin: 0; }
a { color: inherit; } p { margin: 6px 0; } .lead, .facts, footer, small { color: var(--quiet); }
.lead { font-size: 17px; margin-bottom: 22px; } .facts { font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  margin: 22px 0; }
.card header { display: flex; gap: 12px; align-items: center; }
.score { margin-left: auto; font-size: 22px; font-variant-numeric: tabular-nums; }
.badge { font-size: 12px; font-weight: 600; padding: 1px 9px; border-radius: 99px; color: var(--card); }
.badge.good { background: var(--good); } .badge.poor { background: var(--poor); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--quiet); }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
td.wide { width: 30%; } details { margin-top: 14px; } summary { cursor: pointer; color: var(--quiet); font-size: 13px; }
.strip { display: flex; gap: 4px; margin: 12px 0 8px; overflow: hidden; }
.strip div { flex: none; text-align: center; border-top: 3px solid var(--poor); }
.strip div.good { border-color: var(--good); }
.strip img { display: block; height: 150px; } .strip small { font-size: 11px; }
svg { display: block; width: 100%; } .axis { display: flex; justify-content: space-between; font-size: 11px;
  color: var(--quiet); }
rect.good { fill: var(--good); } rect.poor { fill: var(--poor); opacity: .55; }
.band { fill: var(--good); opacity: .12; } .limit { stroke: var(--quiet); stroke-dasharray: 4 4; opacity: .7; }
.cut { stroke: var(--ink); stroke-dasharray: 2 2; stroke-width: 1.5; }
.curve { fill: none; stroke: var(--curve); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.curve.failing { stroke: var(--poor); stroke-width: 2.4; }
.curve, .limit, .cut { vector-effect: non-scaling-stroke; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px 20px;
  margin-top: 14px; }
figure { margin: 0; border-bottom: 1px solid var(--line); }
figcaption { font-size: 12px; color: var(--quiet); } figcaption b { color: var(--ink); font-weight: 600; }
figcaption span { display: block; } .fails figcaption b { color: var(--poor); }
footer { font-size: 13px; margin-top: 26px; }
"""
