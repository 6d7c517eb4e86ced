/** Text as HTML; what stands in backticks is code. */
export const text = (said: string): string =>
  said
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>');

export const PAGE_WIDTH = 1400;
export const FONT = "Inter, 'Liberation Sans', Arial, system-ui, sans-serif";

/** Colours that are told apart on white, in the order in which they are taken. */
const PALETTE = [
  '#3f6fd8',
  '#e59400',
  '#16a37f',
  '#d64550',
  '#8a5cd6',
  '#1fa2c4',
  '#b8671f',
  '#d862a8',
  '#6f9a1d',
  '#6b7687',
] as const;
export const colorOf = (index: number): string => PALETTE[index % PALETTE.length] as string;

const STYLE = `
  * { box-sizing: border-box; }
  body { margin: 0; background: #f3f4f7; color: #1d2433; font: 13px/1.35 ${FONT}; }
  main { width: ${PAGE_WIDTH}px; padding: 20px 20px 16px; background: #f3f4f7; }
  header { margin: 0 2px 14px; }
  h1 { margin: 0; font-size: 22px; font-weight: 650; letter-spacing: -0.01em; }
  header p { margin: 3px 0 0; color: #5a6478; }
  code { font: 12px 'DejaVu Sans Mono', monospace; }
`;

/** A page of which `main` is the picture. */
export const page = (style: string, title: string, about: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${text(title)}</title><style>${STYLE}${style}</style>
<main><header><h1>${text(title)}</h1><p>${text(about)}</p></header>${body}</main></html>`;
