/** What `baton` needs of the world, so that tests can give it another. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof fetch;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export const say = (output: Output, line: string): void => {
  output.write(`${line}\n`);
};

/** What would move the cursor of a terminal, change its colour, or the direction of what it writes. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** JSON on one line, in which such characters of somebody else's are escaped. */
export const sayJson = (output: Output, value: unknown): void => {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  say(output, JSON.stringify(value).replace(CONTROLS, escaped));
};

/** Text of somebody else's on one line of a terminal: no control character may move the cursor or change a colour. */
export const printable = (text: string): string => text.replace(CONTROLS, '�');
