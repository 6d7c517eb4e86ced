import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@baton/messaging/testing';
import { parse } from 'yaml';
import { infra, ROOT } from './files.js';

const run = promisify(execFile);

/** Fetching an image may take a while, and a registry that nobody reaches should not. */
const FETCH_MS = 180_000;

const imageOf = (): string => {
  const compose = parse(readFileSync(infra('compose.telemetry.yaml'), 'utf8')) as {
    services: { prometheus: { image: string } };
  };
  return compose.services.prometheus.image;
};

const both = (folder: string): string | undefined =>
  existsSync(join(folder, 'promtool')) && existsSync(join(folder, 'prometheus')) ? folder : undefined;

/** Takes the two programs out of the image that compose runs: they need nothing but themselves. */
const fromImage = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const image = imageOf();
  const folder = join(ROOT, '.baton', image.replace(/\W+/g, '-'));
  if (both(folder)) return folder;
  try {
    const { stdout } = await run('docker', ['create', image], { timeout: FETCH_MS });
    const container = stdout.trim();
    try {
      mkdirSync(folder, { recursive: true });
      for (const program of ['promtool', 'prometheus']) {
        await run('docker', ['cp', `${container}:/bin/${program}`, join(folder, program)], { timeout: FETCH_MS });
      }
    } finally {
      await run('docker', ['rm', container]);
    }
    return both(folder);
  } catch {
    return undefined;
  }
};

/**
 * The folder with `prometheus` and `promtool`: BATON_TEST_PROMETHEUS, a folder of PATH, or out of the image that compose
 * runs where Docker is there. Undefined when there is none.
 */
export const findPrometheus = async (): Promise<string | undefined> => {
  const named = process.env['BATON_TEST_PROMETHEUS'];
  if (named !== undefined && named !== '') {
    if (!both(named)) throw new Error(`BATON_TEST_PROMETHEUS names ${named}, which has no prometheus and promtool.`);
    return named;
  }
  const onPath = (process.env['PATH'] ?? '').split(delimiter).find((folder) => both(folder));
  return onPath ?? (await fromImage());
};

/** Runs promtool and gives what it says; rejects with that when it does not pass. */
export const promtool = async (folder: string, ...args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await run(join(folder, 'promtool'), [...args], { cwd: ROOT });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
};

export interface RunningPrometheus {
  readonly url: string;
  /** Runs a query now, and gives its series. */
  query(
    promql: string,
  ): Promise<readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[]>;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/**
 * Starts Prometheus with the project's own configuration and an empty store.
 * @param data an empty folder
 */
export const startPrometheus = async (folder: string, data: string): Promise<RunningPrometheus> => {
  const port = await freePort();
  const child = spawn(
    join(folder, 'prometheus'),
    [
      `--config.file=${infra('prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) return true;
      return (await fetch(`${url}/-/ready`)).ok;
    }, 60_000);
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}:\n${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    stop,
    query: async (promql) => {
      const response = await fetch(`${url}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: promql }),
      });
      const { status, error, data } = (await response.json()) as {
        status: string;
        error?: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (status !== 'success') throw new Error(`${error}: ${promql}`);
      return data.result;
    },
  };
};
