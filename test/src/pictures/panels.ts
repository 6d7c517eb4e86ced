import type { Dashboard, DashboardPanel } from '../observability/files.js';
import type { Recording, Series } from './recording.js';

/** A panel as it is drawn: where, and with which lines. Lengths in pixels. */
export interface PlacedPanel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat';
  readonly unit: string;
  readonly stacked: boolean;
  readonly box: Box;
  readonly lines: readonly Line[];
  /** What a stat's background says of its value: the thresholds, lowest first; empty when it has none. */
  readonly thresholds: readonly Threshold[];
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly name: string;
  readonly points: Series['points'];
}

interface Threshold {
  readonly color: string;
  readonly from: number;
}

// Grafana's grid.
const COLUMNS = 24;
const GAP = 8;
const ROW_HEIGHT = 30;

/**
 * The panels of a dashboard on a page of this width, with what was recorded for their queries.
 * @throws Error for a type of panel that cannot be drawn, and for a query that was not recorded
 */
export const placePanels = (
  dashboard: Dashboard,
  width: number,
  answers: Recording['answers'],
): readonly PlacedPanel[] => dashboard.panels.map((panel) => place(panel, width, answers));

const place = (panel: DashboardPanel, width: number, answers: Recording['answers']): PlacedPanel => {
  const { title, description, type, gridPos, fieldConfig, options, targets } = panel;
  if (type !== 'timeseries' && type !== 'stat') throw new Error(`${title}: nobody knows how to draw a ${type}`);
  const { unit, custom, thresholds } = fieldConfig.defaults;
  return {
    title,
    description,
    kind: type,
    unit,
    stacked: custom?.stacking?.mode === 'normal',
    box: boxOf(gridPos, width),
    lines: targets.flatMap(({ expr, legendFormat }) => {
      const series = answers[expr];
      if (series === undefined) throw new Error(`${title}: nothing was recorded for ${expr}`);
      return series.map(({ labels, points }) => ({ name: nameOf(legendFormat, labels), points }));
    }),
    thresholds:
      options.colorMode === 'background'
        ? (thresholds?.steps ?? []).map(({ color, value }) => ({ color, from: value ?? Number.NEGATIVE_INFINITY }))
        : [],
  };
};

const boxOf = ({ x, y, w, h }: DashboardPanel['gridPos'], width: number): Box => {
  const column = (width + GAP) / COLUMNS;
  const row = ROW_HEIGHT + GAP;
  return {
    left: Math.round(x * column),
    top: y * row,
    width: Math.round((x + w) * column) - Math.round(x * column) - GAP,
    height: h * row - GAP,
  };
};

/** How tall a page is that holds all of these. */
export const heightOf = (panels: readonly PlacedPanel[]): number =>
  Math.max(0, ...panels.map(({ box }) => box.top + box.height));

/** `{{label}}` is the value of a label. */
const nameOf = (legendFormat: string, labels: Series['labels']): string =>
  legendFormat.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '').trim();

/** Colour of the highest threshold that a value reaches. */
export const colorAt = (thresholds: PlacedPanel['thresholds'], value: number): string | undefined =>
  thresholds.findLast(({ from }) => value >= from)?.color;
