import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gone } from './processes-identity.js';

/** A server that a process of its own has started, and the end of that process. */
export interface Parented {
  readonly pid: number;
  readonly parent: number;
  /** Kills the parent, and leaves the server. */
  kill(): Promise<void>;
}

/** Starts a server (`startKafka` of `kafka`, say) from a process that can be killed. */
export const startFromParent = async (module: string, starter: string, dataDir: string): Promise<Parented> => {
  const built = new URL(`../dist/${module}.js`, import.meta.url).href;
  const source = `import { ${starter} } from '${built}';
    const server = await ${starter}({ dataDir: '${dataDir}' });
    console.log(server.pid); setInterval(() => {}, 1 << 30);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  return {
    pid: Number(said.toString()),
    parent: parent.pid ?? 0,
    kill: async () => {
      parent.kill('SIGKILL');
      await gone(parent.pid ?? 0);
    },
  };
};
