/** A table of Markdown; a bar inside a cell is escaped. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

export const code = (text: string): string => `\`${text}\``;

/** Parts of a page, with a blank line between them. */
export const page = (parts: readonly string[]): string => `${parts.join('\n\n')}\n`;

/** Tells readers that a page is generated, and from what. */
export const writtenBy = (generator: string, source: string): string =>
  `<!-- Written by test/src/generate/${generator}; change ${source} instead of this page. -->`;
