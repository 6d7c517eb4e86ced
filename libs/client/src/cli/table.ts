import stringWidth from 'string-width';
import { printable } from './io.js';

export type Cell = string | number | null | undefined;

const GAP = '  ';

/** Columns under their heads, numbers to the right. Widths are those of a terminal, where some characters take two. */
export const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const texts = [head, ...rows.map((row) => row.map((cell) => printable(String(cell ?? '—'))))];
  const columns = head.map((_, column) => ({
    width: texts.reduce((most, row) => Math.max(most, stringWidth(row[column] ?? '')), 0),
    numeric: rows.every((row) => typeof (row[column] ?? 0) === 'number'),
  }));
  const drawn = texts.map((row) =>
    columns.map(({ width, numeric }, column) => {
      const text = row[column] ?? '';
      const space = ' '.repeat(width - stringWidth(text));
      return numeric ? space + text : text + space;
    }),
  );
  return drawn.map((cells) => cells.join(GAP).trimEnd()).join('\n');
};
