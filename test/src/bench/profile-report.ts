import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url).href;
const TOP = 40;
const IDLE = '(idle)';
/** Beginning and ending a profile takes time itself. */
const PROFILER = 'node:inspector';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds from the sample before to this one. */
  readonly timeDeltas: readonly number[];
}

/** A file by its package: `kafkajs/src/…`, `libs/messaging/…`, `node:…`. */
const placeOf = (url: string): string => {
  if (url === '') return 'V8';
  if (url.startsWith('node:')) return url;
  const path = url.startsWith('file:') ? url : `file://${url}`;
  const installed = path.lastIndexOf('/node_modules/');
  if (installed >= 0) return path.slice(installed + '/node_modules/'.length);
  return path.startsWith(ROOT) ? path.slice(ROOT.length).replace('/dist/', '/') : fileURLToPath(path);
};

/** `kafkajs/src/utils/crc32C.js` → `kafkajs`; `@a/b/c.js` → `@a/b`; `node:buffer` → `node`. */
const packageOf = (place: string): string => {
  if (place.startsWith('node:')) return 'node';
  const [first = '', second = ''] = place.split('/');
  return /^(@|libs$|services$|infra$)/.test(first) ? `${first}/${second}` : first;
};

/** Self time in microseconds by function (`name place:line`), without idling and profiling. */
const selfTimes = ({ nodes, samples, timeDeltas }: CpuProfile): ReadonlyMap<string, number> => {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const name = functionName === '' ? '(anonymous)' : functionName;
      const left = name === IDLE || url === PROFILER;
      return [id, left ? IDLE : `${name}\t${placeOf(url)}${url === '' ? '' : `:${lineNumber + 1}`}`] as const;
    }),
  );
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? IDLE;
    if (name !== IDLE) times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
};

const table = (times: ReadonlyMap<string, number>, all: number, sagas: number): readonly string[] =>
  [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([name, time]) => {
      const share = `${((time / all) * 100).toFixed(1)} %`.padStart(7);
      return `${share} ${(time / sagas).toFixed(1).padStart(8)} µs  ${name.replace('\t', '  ')}`;
    });

/** What all profiles in a folder say together: self time by package, and the functions that take most of it. */
export const profileReport = (folder: string, sagas: number): string => {
  const functions = new Map<string, number>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    for (const [name, time] of selfTimes(profile)) functions.set(name, (functions.get(name) ?? 0) + time);
  }
  const packages = new Map<string, number>();
  for (const [name, time] of functions) {
    const of = packageOf(name.split('\t')[1] ?? '');
    packages.set(of, (packages.get(of) ?? 0) + time);
  }
  const all = [...functions.values()].reduce((sum, time) => sum + time, 0);
  return [
    `Node, self time by package (${(all / sagas).toFixed(0)} µs a saga in all)`,
    ...table(packages, all, sagas),
    '',
    `Node, self time by function`,
    ...table(functions, all, sagas),
  ].join('\n');
};
