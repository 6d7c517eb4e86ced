import type { Dashboard } from '../observability/files.js';
import { lineChart, sparkLine } from './chart.js';
import { colorOf, page, PAGE_WIDTH, text } from './html.js';
import { colorAt, heightOf, type Line, placePanels, type PlacedPanel } from './panels.js';
import type { Recording } from './recording.js';
import { inUnit, timeOfDay } from './units.js';

const MARGIN = 20;
const PADDING = 12;
const TITLE_HEIGHT = 26;
const ABOUT_ROW = 15;
/** About what a letter of a description takes. */
const SMALL_LETTER = 5.9;
const LEGEND_ROW = 19;
/** About what a letter of the legend takes. */
const LETTER = 6.6;
const LEGEND_MARK = 30;
const STAT_COLORS: Readonly<Record<string, string>> = { green: '#1a7f52', red: '#c4313d' };

const STYLE = `
  .grid { position: relative; }
  .panel { position: absolute; background: #fff; border: 1px solid #e1e5ec; border-radius: 6px; overflow: hidden; }
  h2 { margin: 8px ${PADDING}px 0; height: 18px; font-size: 13px; line-height: 18px; font-weight: 620; white-space: nowrap; }
  .panel > p { margin: 0 ${PADDING}px; font-size: 11.5px; line-height: ${ABOUT_ROW}px; color: #7a8497; }
  .panel > p code { font-size: 11px; }
  .chart { margin: 0 4px 0 ${PADDING - 4}px; }
  svg { display: block; }
  ul { display: flex; flex-wrap: wrap; gap: 0 14px; margin: 2px ${PADDING}px 0; padding: 0; list-style: none;
    font-size: 11.5px; line-height: ${LEGEND_ROW}px; color: #3c4659; }
  li i { display: inline-block; width: 12px; height: 3px; margin-right: 5px; border-radius: 2px; vertical-align: 3px; }
  .none { display: flex; align-items: center; justify-content: center; height: calc(100% - 60px); color: #7a8497; }
  .figures { display: flex; gap: 12px; margin: 2px ${PADDING}px 0; }
  .figure { flex: 1; min-width: 0; font-size: 11.5px; color: #5a6478; white-space: nowrap; }
  .figure b { display: block; font-size: 30px; line-height: 34px; font-weight: 650; }
  .filled, .filled p, .filled .figure { color: #fff; }
  .filled > p { opacity: 0.85; }
`;

/** The page of one dashboard: its panels in its grid, drawn from what its own queries returned. */
export const dashboardPage = (dashboard: Dashboard, recording: Recording): string => {
  const panels = placePanels(dashboard, PAGE_WIDTH - 2 * MARGIN, recording.answers);
  const { from, to } = recording;
  const about = `The panels and queries of \`infra/grafana/dashboards/${dashboard.uid.replace(/^baton-/, '')}.json\`, drawn from \
what a running Prometheus answered, ${timeOfDay(from)} to ${timeOfDay(to)} UTC. Grafana shows the same panels live.`;
  const cards = panels.map((panel) => card(panel, recording)).join('\n');
  return page(STYLE, dashboard.title, about, `<div class="grid" style="height:${heightOf(panels)}px">${cards}</div>`);
};

const card = (panel: PlacedPanel, recording: Recording): string => {
  const { left, top, width, height } = panel.box;
  const filled = panel.kind === 'stat' && panel.lines.length > 0 ? fillOf(panel) : undefined;
  const place = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
  const color = filled === undefined ? '' : `;background:${filled};border-color:${filled}`;
  return `<section class="panel${filled === undefined ? '' : ' filled'}" style="${place}${color}">
<h2>${text(panel.title)}</h2><p>${text(panel.description)}</p>${inside(panel, recording)}</section>`;
};

const inside = (panel: PlacedPanel, recording: Recording): string => {
  if (panel.lines.every(({ points }) => points.length === 0))
    return '<div class="none">No data: nothing of the kind happened in these minutes.</div>';
  return panel.kind === 'stat' ? figures(panel, recording) : lines(panel, recording);
};

/** Of title and description, which may take two rows. */
const headHeight = ({ description, box }: PlacedPanel): number => {
  const rows = Math.ceil((description.length * SMALL_LETTER) / (box.width - 2 * PADDING));
  return TITLE_HEIGHT + rows * ABOUT_ROW + 3;
};

const lines = (panel: PlacedPanel, recording: Recording): string => {
  const { width, height } = panel.box;
  const legendHeight = legendRows(panel.lines, width - 2 * PADDING) * LEGEND_ROW + 8;
  const svg = lineChart(panel, recording, width - PADDING - 2, height - headHeight(panel) - legendHeight);
  const entries = panel.lines.map(
    ({ name }, index) => `<li><i style="background:${colorOf(index)}"></i>${text(name)}</li>`,
  );
  return `<div class="chart">${svg}</div><ul>${entries.join('')}</ul>`;
};

const legendRows = (entries: readonly Line[], width: number): number => {
  let rows = 1;
  let used = 0;
  for (const { name } of entries) {
    const needed = LEGEND_MARK + name.length * LETTER;
    if (used > 0 && used + needed > width) {
      rows += 1;
      used = 0;
    }
    used += needed;
  }
  return rows;
};

const lastOf = ({ points }: Line): number => points.at(-1)?.[1] ?? 0;

/** Colour of a stat's background: that of its highest value. */
const fillOf = ({ thresholds, lines: all }: PlacedPanel): string | undefined => {
  const name = colorAt(thresholds, Math.max(...all.map(lastOf)));
  return name === undefined ? undefined : STAT_COLORS[name];
};

const figures = (panel: PlacedPanel, recording: Recording): string => {
  const { width, height } = panel.box;
  const each = (width - 2 * PADDING - 12 * (panel.lines.length - 1)) / panel.lines.length;
  const filled = panel.thresholds.length > 0;
  const drawn = panel.lines.map((line, index) => {
    const color = filled ? '#ffffff' : colorOf(index);
    const svg = sparkLine(line, recording, Math.floor(each), Math.max(16, height - headHeight(panel) - 62), color);
    const value = `<b${filled ? '' : ` style="color:${color}"`}>${inUnit(lastOf(line), panel.unit)}</b>`;
    return `<div class="figure">${value}${text(line.name)}${svg}</div>`;
  });
  return `<div class="figures">${drawn.join('')}</div>`;
};
