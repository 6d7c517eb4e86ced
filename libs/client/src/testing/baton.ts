import type { ExitCode } from '../cli/exit-codes.js';
import { run } from '../cli/run.js';

export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process with what it reads and hears, and gives what it said. */
export const baton = async (
  args: readonly string[],
  { url, stdin = '' }: { readonly url?: string; readonly stdin?: string | Buffer } = {},
): Promise<Ran> => {
  let out = '';
  let err = '';
  const code = await run(args, {
    stdin: (async function* () {
      yield Buffer.from(stdin);
    })(),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: url === undefined ? {} : { BATON_URL: url },
  });
  return { code, out, err };
};

/** An address at which nothing listens: port 9 is never handed out by the system. */
export const NOBODY = 'http://127.0.0.1:9';
