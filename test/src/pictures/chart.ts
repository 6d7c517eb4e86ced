import { init } from 'echarts';
import { axisTo } from './axis.js';
import { colorOf, FONT } from './html.js';
import type { Line, PlacedPanel } from './panels.js';
import type { Recording } from './recording.js';
import { inUnit, timeOfDay } from './units.js';

type Window = Pick<Recording, 'from' | 'to' | 'stepMs'>;
const QUIET = '#7a8497';
const MINUTE_MS = 60_000;
/** Where there is no room for a label every minute, pixels. */
const NARROW = 640;
/** Lines that may each have an area below them. */
const FEW = 3;

/** The moments at which Prometheus was asked. */
const momentsOf = ({ from, to, stepMs }: Window): readonly number[] =>
  Array.from({ length: Math.floor((to - from) / stepMs) + 1 }, (_, index) => from + index * stepMs);

/** A value for each moment, so that a line breaks where there is none; in a stack nothing counts as 0. */
export const onEachMoment = (
  line: Line,
  window: Window,
  stacked: boolean,
): readonly (readonly [number, number | null])[] => {
  const values = new Map(line.points.map(([at, value]) => [Math.round(at), value]));
  return momentsOf(window).map((at) => [at, values.get(Math.round(at)) ?? (stacked ? 0 : null)]);
};

const draw = (width: number, height: number, option: Parameters<ReturnType<typeof init>['setOption']>[0]): string => {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, useUTC: true, textStyle: { fontFamily: FONT }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
};

/** The highest value of any line, or of them all on top of each other. */
const highestOf = (panel: PlacedPanel, window: Window): number => {
  const values = panel.lines.map((line) => onEachMoment(line, window, panel.stacked).map(([, value]) => value ?? 0));
  const moments = momentsOf(window).map((_, index) => values.map((all) => all[index] ?? 0));
  const heights = moments.map((all) =>
    panel.stacked ? all.reduce((sum, value) => sum + value, 0) : Math.max(0, ...all),
  );
  return Math.max(0, ...heights);
};

/** Lines over time, as SVG. */
export const lineChart = (panel: PlacedPanel, window: Window, width: number, height: number): string =>
  draw(width, height, {
    grid: { left: 4, right: 14, top: 10, bottom: 2, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'time',
      min: window.from,
      max: window.to,
      minInterval: width < NARROW ? 2 * MINUTE_MS : MINUTE_MS,
      axisLine: { lineStyle: { color: '#cfd5df' } },
      axisTick: { show: false },
      axisLabel: { color: QUIET, fontSize: 11, hideOverlap: true, formatter: timeOfDay },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...axisTo(highestOf(panel, window), panel.unit),
      splitLine: { lineStyle: { color: '#e8ebf1' } },
      axisLabel: { color: QUIET, fontSize: 11, formatter: (value: number) => inUnit(value, panel.unit) },
    },
    series: panel.lines.map((line, index) => ({
      type: 'line',
      data: onEachMoment(line, window, panel.stacked) as [number, number | null][],
      showSymbol: false,
      color: colorOf(index),
      lineStyle: { width: panel.stacked ? 1 : 1.6 },
      // Faint areas on top of each other would be a dark one.
      ...((panel.stacked || panel.lines.length <= FEW) && { areaStyle: { opacity: panel.stacked ? 0.5 : 0.08 } }),
      ...(panel.stacked && { stack: 'all' }),
    })),
  });

/** A line without axes, for the background of a figure, as SVG. */
export const sparkLine = (line: Line, window: Window, width: number, height: number, color: string): string =>
  draw(width, height, {
    grid: { left: 0, right: 0, top: 4, bottom: 2 },
    xAxis: { type: 'time', min: window.from, max: window.to, show: false },
    yAxis: { type: 'value', min: 0, max: Math.max(1, ...line.points.map(([, value]) => value)), show: false },
    series: [
      {
        type: 'line',
        data: onEachMoment(line, window, false) as [number, number | null][],
        showSymbol: false,
        color,
        lineStyle: { width: 1.4 },
        areaStyle: { opacity: 0.18 },
      },
    ],
  });
