import { describe, expect, it, test } from 'vitest';
import { type Dashboard, type DashboardPanel, dashboards } from '../observability/files.js';
import { axisTo } from './axis.js';
import { onEachMoment } from './chart.js';
import { dashboardPage } from './dashboard-page.js';
import { text } from './html.js';
import { colorAt, heightOf, placePanels } from './panels.js';
import type { Recording, Series } from './recording.js';
import { inUnit } from './units.js';

const source = { uid: 'prometheus' };
const panel = (changes: Partial<DashboardPanel>): DashboardPanel => ({
  type: 'timeseries',
  title: 'Lag',
  description: '',
  datasource: source,
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  fieldConfig: { defaults: { unit: 'short' } },
  options: {},
  targets: [{ expr: 'lag', legendFormat: '{{service}} {{ state }}', datasource: source }],
  ...changes,
});
const dashboard = (...panels: readonly DashboardPanel[]): Dashboard => ({ uid: 'baton-x', title: 'X', panels });
const series = (labels: Series['labels'], ...points: Series['points']): Series => ({ labels, points });
const nothing = { lag: [] };

describe('The panels of a dashboard', () => {
  it('fill the grid: halves side by side, the next row below', () => {
    const panels = placePanels(
      dashboard(
        panel({}),
        panel({ gridPos: { x: 12, y: 0, w: 12, h: 8 } }),
        panel({ gridPos: { x: 0, y: 8, w: 24, h: 4 } }),
      ),
      1_000,
      nothing,
    );
    expect(panels.map(({ box }) => box)).toEqual([
      { left: 0, top: 0, width: 496, height: 296 },
      { left: 504, top: 0, width: 496, height: 296 },
      { left: 0, top: 304, width: 1_000, height: 144 },
    ]);
    expect(heightOf(panels)).toBe(448);
  });

  it('name their lines as the legend says', () => {
    const answers = { lag: [series({ service: 'orders', state: 'dead' }, [1, 2]), series({ service: 'shipping' })] };
    const [placed] = placePanels(dashboard(panel({})), 1_000, answers);
    expect(placed?.lines).toEqual([
      { name: 'orders dead', points: [[1, 2]] },
      { name: 'shipping', points: [] },
    ]);
  });

  it('take the colour of the highest threshold that is reached', () => {
    const steps = [
      { color: 'green', value: null },
      { color: 'red', value: 1 },
    ];
    const stat = panel({
      type: 'stat',
      fieldConfig: { defaults: { unit: 'short', thresholds: { steps } } },
      options: { colorMode: 'background' },
    });
    const [{ thresholds } = { thresholds: [] }] = placePanels(dashboard(stat), 1_000, nothing);
    expect([0, 0.9, 1, 7].map((value) => colorAt(thresholds, value))).toEqual(['green', 'green', 'red', 'red']);
  });

  it('are refused when nobody knows how to draw them, or nothing was recorded', () => {
    expect(() => placePanels(dashboard(panel({ type: 'piechart' })), 1_000, nothing)).toThrow('how to draw a piechart');
    expect(() => placePanels(dashboard(panel({})), 1_000, {})).toThrow('nothing was recorded for lag');
  });
});

test('a line breaks where Prometheus knew nothing, and counts as 0 in a stack', () => {
  const window = { from: 0, to: 30, stepMs: 10 };
  const line = {
    name: '',
    points: [
      [0, 5],
      [20, 7],
    ] as const,
  };
  expect(onEachMoment(line, window, false)).toEqual([
    [0, 5],
    [10, null],
    [20, 7],
    [30, null],
  ]);
  expect(onEachMoment(line, window, true).map(([, value]) => value)).toEqual([5, 0, 7, 0]);
});

test.for([
  [0, 's', '0 s'],
  [0.000_042, 's', '42 µs'],
  [0.25, 's', '250 ms'],
  [90, 's', '1.5 min'],
  [7_200, 's', '2 h'],
  [0.05, 'percentunit', '5 %'],
  [64 * 1024 ** 2, 'bytes', '64 MiB'],
  [1_500, 'short', '1500'],
  [25_000, 'short', '25 K'],
  [0.123_4, 'ops', '0.123/s'],
] as const)('%s in %s is written %s', ([value, unit, said]) => {
  expect(inUnit(value, unit)).toBe(said);
});

test.for([
  [0, 'short', 1, 1],
  [23, 'short', 25, 5],
  [110, 's', 120, 30],
  [0.31, 's', 0.4, 0.1],
  [50 * 1024 ** 2, 'bytes', 64 * 1024 ** 2, 16 * 1024 ** 2],
] as const)('an axis to %s %s ends at %s, in steps of %s', ([highest, unit, max, interval]) => {
  const axis = axisTo(highest, unit);
  expect(axis.max).toBeCloseTo(max);
  expect(axis.interval).toBeCloseTo(interval);
});

describe.each(dashboards)('The page of the dashboard $title', (each) => {
  const queries = each.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const recordingOf = (answer: readonly Series[]): Recording => ({
    from: 0,
    to: 60_000,
    stepMs: 10_000,
    answers: Object.fromEntries(queries.map((query) => [query, answer])),
    traces: {},
  });

  it('shows every panel, drawn', () => {
    const html = dashboardPage(each, recordingOf([series({}, [0, 1], [10_000, 2])]));
    for (const { title } of each.panels) expect(html).toContain(`<h2>${text(title)}</h2>`);
    expect(html.split('<svg')).toHaveLength(
      1 + each.panels.reduce((sum, { type, targets }) => sum + (type === 'stat' ? targets.length : 1), 0),
    );
    expect(html).not.toContain('NaN');
  });

  it('says so where there is nothing to draw', () => {
    expect(dashboardPage(each, recordingOf([])).split('No data')).toHaveLength(1 + each.panels.length);
  });
});
