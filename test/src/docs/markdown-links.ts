/** A link or an image of a Markdown page. */
export interface Link {
  /** 1 for the first line. */
  readonly line: number;
  readonly target: string;
}

const INLINE = /\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\s{0,3}\[[^\]]+\]:\s+<?([^\s<>]+)>?/;
const FENCE = /^\s*(```|~~~)/;

/** The text of a page without what is code, line by line. */
const proseLines = (text: string): readonly string[] => {
  let inCode = false;
  return text.split('\n').map((line) => {
    if (FENCE.test(line)) inCode = !inCode;
    return inCode || FENCE.test(line) ? '' : line.replaceAll(/`[^`]*`/g, (code) => ' '.repeat(code.length));
  });
};

/** Every link of a page, outside of code. */
export const linksOf = (text: string): readonly Link[] =>
  proseLines(text).flatMap((line, index) => [
    ...[...line.matchAll(INLINE)].map((match) => ({ line: index + 1, target: match[1] ?? '' })),
    ...[REFERENCE.exec(line)].flatMap((match) => (match ? [{ line: index + 1, target: match[1] ?? '' }] : [])),
  ]);

/** The names by which a page's headings are linked to, as GitHub makes them. */
export const anchorsOf = (text: string): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  let inCode = false;
  for (const line of text.split('\n')) {
    if (FENCE.test(line)) inCode = !inCode;
    const [, heading] = (inCode ? undefined : /^#{1,6}\s+(.*?)\s*#*$/.exec(line)) ?? [];
    if (heading === undefined) continue;
    const name = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    anchors.add(times === 0 ? name : `${name}-${times}`);
  }
  return anchors;
};
