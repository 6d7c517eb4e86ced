import { type ChildProcess, fork } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Transport } from '@baton/messaging';
import { type RunningService, startService } from '@baton/service-kit';
import { startProfile, stopProfile } from './profile.js';
import type { Request } from './service.js';
import { imageNodeOptions, serviceEnv } from './environment.js';
import { definitionOf, serviceNames } from './services.js';

/** Where the services run. */
export interface Host {
  /** Process ids of the services; our own when all of them, and the shop, run in here. */
  readonly pids: readonly number[];
  readonly inventoryUrl: string;
  startProfile(): Promise<void>;
  /** Writes one `.cpuprofile` a process into a folder. */
  stopProfile(folder: string): Promise<void>;
  stop(): Promise<void>;
}

export interface HostOptions {
  readonly databaseUrl: (database: string) => string;
  readonly transportEnv: Readonly<Record<string, string>>;
  readonly connect: () => Promise<Transport>;
  readonly log: WriteStream;
}

const inventoryOf = (urls: ReadonlyMap<string, string>): string => {
  const url = urls.get('inventory');
  if (url === undefined) throw new Error('Inventory did not say where it listens.');
  return url;
};

/** All services in this process: each with its database, its group and its unit of work, on one transport. */
export const hostInOne = async ({ databaseUrl, transportEnv, connect, log }: HostOptions): Promise<Host> => {
  const transport = await connect();
  const services: RunningService[] = [];
  for (const name of serviceNames) {
    const definition = await definitionOf(name);
    const env = serviceEnv(name, databaseUrl, transportEnv);
    services.push(await startService(definition, { env, transport, logDestination: log }));
  }
  return {
    pids: [process.pid],
    inventoryUrl: inventoryOf(new Map(services.map(({ name, url }) => [name, url]))),
    startProfile,
    stopProfile: (folder) => stopProfile(join(folder, 'all.cpuprofile')),
    stop: async () => {
      for (const service of services.toReversed()) await service.stop();
      await transport.close();
    },
  };
};

const READY_MS = 60_000;
const STOP_MS = 20_000;

/** A process a service. */
export const hostInEach = async ({ databaseUrl, transportEnv, log }: HostOptions): Promise<Host> => {
  const children = serviceNames.map((name) => {
    const child = fork(fileURLToPath(new URL('service.js', import.meta.url)), [name], {
      env: { ...process.env, ...serviceEnv(name, databaseUrl, transportEnv), NODE_OPTIONS: imageNodeOptions() },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => log.write(chunk));
    return { name, child };
  });
  const ready = await Promise.all(
    children.map(async ({ name, child }) => {
      const { url } = await heard<{ readonly url: string }>(child, 'ready', name);
      return [name, url] as const;
    }),
  );
  const ask = (request: (name: string) => Request): Promise<unknown> =>
    Promise.all(
      children.map(({ name, child }) => {
        const answer = heard(child, 'profiled', name);
        child.send(request(name));
        return answer;
      }),
    );
  return {
    pids: children.map(({ child }) => child.pid ?? 0),
    inventoryUrl: inventoryOf(new Map(ready)),
    startProfile: async () => void (await ask(() => ({ profile: 'start' }))),
    stopProfile: async (folder) =>
      void (await ask((name) => ({ profile: 'stop', file: join(folder, `${name}.cpuprofile`) }))),
    stop: async () => void (await Promise.all(children.map(({ child }) => stopChild(child)))),
  };
};

/** Waits for a message of this type. */
const heard = <Message>(child: ChildProcess, type: string, name: string): Promise<Message> =>
  new Promise((resolve, reject) => {
    const failed = (what: string) => () => settle(() => reject(new Error(`The service ${name} ${what}.`)));
    const onExit = failed('has ended; its last lines are in services.log');
    const timer = setTimeout(failed(`did not say "${type}" in time`), READY_MS);
    const onMessage = (message: { readonly type?: string }): void => {
      if (message.type === type) settle(() => resolve(message as Message));
    };
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      then();
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });

const stopChild = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
