import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Top of the repository, from which every command is run. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OUTPUT_LIMIT = 64 * 1024 * 1024;

type Env = Readonly<Record<string, string>>;

/**
 * Runs a program to its end.
 * @returns what it said on stdout
 * @throws with the end of what it said when it fails
 */
export const execute = async (program: string, args: readonly string[], env: Env = {}): Promise<string> => {
  try {
    const options = { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: OUTPUT_LIMIT };
    return (await run(program, [...args], options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown };
    const said = `${stdout}\n${stderr}`.trim().slice(-4_000);
    throw new Error(`${[program, ...args].join(' ')} failed (${String(code)}):\n${said}`, { cause: error });
  }
};

/** True when the program ends well. */
export const succeeds = (program: string, args: readonly string[]): Promise<boolean> =>
  execute(program, args).then(
    () => true,
    () => false,
  );

export const docker = (...args: readonly string[]): Promise<string> => execute('docker', args);
