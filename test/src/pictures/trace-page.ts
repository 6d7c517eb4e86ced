import { axisTo } from './axis.js';
import { page, PAGE_WIDTH, text } from './html.js';
import { LONGEST_PAUSE, timelineOf, type Timeline } from './timeline.js';
import { lastEnd, type Mark, type Row, servicesOf } from './trace-tree.js';
import { duration } from './units.js';

const MARGIN = 20;
const WIDTH = PAGE_WIDTH - 2 * MARGIN;
const INDENT = 12;
/** About what a letter of a name takes. */
const NAME_LETTER = 6.4;
const MOST_NAMES = 600;
const ROW = 21;
const AXIS = 30;
const RIGHT = 64;
const BAR = 9;
/** About what a letter of a duration takes. */
const LETTER = 6;
const ERROR = '#c4313d';
const NARROWEST = 3;
const LABEL_WIDTH = 54;

const MARKS: Readonly<Record<Mark, { readonly tint: string; readonly says: string }>> = {
  failed: { tint: '#fbdcdf', says: 'an error' },
  trouble: { tint: '#fdecd3', says: 'something went wrong' },
  undoing: { tint: '#e6e4fb', says: 'is undone' },
};

// Red is kept for errors.
const COLORS: Readonly<Record<string, string>> = {
  gateway: '#5f6b7e',
  orders: '#3f6fd8',
  inventory: '#8a5cd6',
  warehouse: '#b8671f',
  shipping: '#1692b5',
  notification: '#16986f',
  coordinator: '#cf4f9b',
};
const colorOf = (service: string): string => COLORS[service] ?? '#1d2433';

const STYLE = `
  svg { display: block; background: #fff; border: 1px solid #e1e5ec; border-radius: 6px; }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 2px 10px; font-size: 12.5px; color: #3c4659; }
  .legend i { display: inline-block; width: 11px; height: 11px; margin-right: 6px; border-radius: 3px; vertical-align: -1px; }
  text { font-size: 12px; fill: #1d2433; }
  .service { font-weight: 650; }
  .quiet { fill: #7a8497; font-size: 11px; }
  .tree { fill: none; stroke: #d3d9e3; }
`;

/** The page of one trace as a waterfall. */
export const tracePage = (title: string, said: string, rows: readonly Row[]): string => {
  const services = servicesOf(rows);
  const names = namesWidth(rows);
  const timeline = timelineOf(rows, WIDTH - names - RIGHT);
  const height = AXIS + rows.length * ROW + 8;
  const marks = Object.entries(MARKS).filter(([mark]) => rows.some((row) => row.mark === mark));
  const legend = [
    ...services.map((name) => entry(colorOf(name), name)),
    ...marks.map(([, { tint, says }]) => entry(tint, says)),
  ];
  const svg = [
    `<svg width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    ...rows.map(tintOf),
    ...pausesOf(timeline, names, height),
    ...ticksOf(timeline, names, height),
    ...rows.map((row, index) => treeOf(row, index)),
    ...rows.map(nameOf),
    ...rows.map((row, index) => barOf(row, index, timeline, names)),
    '</svg>',
  ].join('\n');
  const cut = timeline.pauses.length === 0 ? '' : `; pauses of more than ${duration(LONGEST_PAUSE)} are drawn short`;
  const about = `${said} ${rows.length} spans of ${services.length} services within ${duration(lastEnd(rows))}, drawn from \
what Jaeger’s API answered about a running system${cut}. Jaeger’s own page shows the same trace, and spans of HTTP \
middleware, which are left out here.`;
  return page(STYLE, title, about, `<div class="legend">${legend.join('')}</div>${svg}`);
};

const entry = (color: string, name: string): string => `<span><i style="background:${color}"></i>${text(name)}</span>`;

/** What the longest name takes, with its place in the tree. */
const namesWidth = (rows: readonly Row[]): number => {
  const widths = rows.map(({ depth, service, name, path }) => {
    const letters = service.length + name.length + shortened(path).length + 2;
    return 11 + depth * INDENT + letters * NAME_LETTER;
  });
  return Math.min(MOST_NAMES, Math.ceil(Math.max(0, ...widths)) + 12);
};

const middle = (index: number): number => AXIS + index * ROW + ROW / 2;

const tintOf = ({ mark }: Row, index: number): string => {
  const fill = mark === undefined ? (index % 2 === 0 ? '#fff' : '#fafbfc') : MARKS[mark].tint;
  return `<rect x="0" y="${AXIS + index * ROW}" width="${WIDTH}" height="${ROW}" fill="${fill}"/>`;
};

const pausesOf = ({ pauses }: Timeline, names: number, height: number): readonly string[] =>
  pauses.map(({ left, width, length }) => {
    const x = names + left;
    return `<rect x="${x + 3}" y="${AXIS}" width="${width - 6}" height="${height - AXIS}" fill="#8d97aa" opacity="0.1"/>
<text class="quiet" x="${x + width / 2}" y="${AXIS - 10}" text-anchor="middle">${duration(length)}</text>`;
  });

/** Where each stretch begins, and what lies within, as far as there is room to say it. */
const ticksOf = ({ stretches, at }: Timeline, names: number, height: number): readonly string[] =>
  stretches.flatMap(({ begin, end, left, width }) => {
    const { interval } = axisTo((end - begin) / 1e6, 's');
    const inner = Array.from(
      { length: Math.floor((end - begin) / 1e6 / interval) },
      (_, index) => begin + (index + 1) * interval * 1e6,
    );
    return [begin, ...inner].map((moment) => {
      const x = names + at(moment);
      const line = `<line x1="${x}" x2="${x}" y1="${AXIS}" y2="${height}" stroke="#e1e5ec"/>`;
      const isRoom =
        moment === begin
          ? width >= LABEL_WIDTH
          : inner.length * LABEL_WIDTH * 1.4 < width && x + LABEL_WIDTH < names + left + width;
      if (!isRoom) return moment === begin ? line : '';
      const said = moment === begin ? `${begin === 0 ? '' : '+'}${duration(begin)}` : `+${duration(moment - begin)}`;
      return `${line}<text${moment === begin ? '' : ' class="quiet"'} x="${x}" y="${AXIS - 10}">${said}</text>`;
    });
  });

const treeOf = ({ depth, parent }: Row, index: number): string => {
  if (parent === undefined) return '';
  const x = 16 + (depth - 1) * INDENT;
  return `<path class="tree" d="M${x} ${middle(parent) + 6}V${middle(index)}h${INDENT - 7}"/>`;
};

const nameOf = ({ depth, service, name, path }: Row, index: number): string => {
  const x = 11 + depth * INDENT;
  const y = middle(index) + 4;
  const where = path === '' ? '' : ` <tspan class="quiet">${text(shortened(path))}</tspan>`;
  return `<text x="${x}" y="${y}"><tspan class="service" fill="${colorOf(service)}">${text(service)}</tspan> ${text(name)}${where}</text>`;
};

/** Ids in a path are long, and say nothing. */
const shortened = (path: string): string => path.replaceAll(/[0-9a-z]+-[0-9a-f]{8,}/g, '…');

const barOf = ({ begin, end, mark, service }: Row, index: number, { at }: Timeline, names: number): string => {
  const left = names + at(begin);
  const width = Math.max(NARROWEST, at(end) - at(begin));
  const label = duration(end - begin);
  const isRoomBehind = left + width + 6 + label.length * LETTER < WIDTH;
  const x = isRoomBehind ? left + width + 5 : left - 5;
  const fill = mark === 'failed' ? ERROR : colorOf(service);
  return `<rect x="${left}" y="${middle(index) - BAR / 2}" width="${width}" height="${BAR}" rx="2" fill="${fill}"/>
<text class="quiet" x="${x}" y="${middle(index) + 4}" text-anchor="${isRoomBehind ? 'start' : 'end'}">${label}</text>`;
};
