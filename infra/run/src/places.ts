import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOf } from './processes-identity.js';
import { freePort, isFree, keepPort, keptPort } from './processes-ports.js';

/** Every program of the system that listens, but the gateway. */
export const programs = [
  'mailbox-smtp',
  'mailbox',
  'coordinator',
  'orders',
  'inventory',
  'warehouse',
  'shipping',
  'notification',
  'carriers',
] as const;
export type ProgramName = (typeof programs)[number];

/** Services with a database of their own. */
export const databases = ['orders', 'coordinator', 'inventory', 'warehouse', 'shipping', 'notification'] as const;
export type DatabaseName = (typeof databases)[number];

/** Where the system keeps its data, and the addresses of its parts; the same at each start. */
export interface Places {
  readonly folder: string;
  readonly gatewayPort: number;
  /** True when the wanted port was taken by somebody else. */
  readonly portMoved: boolean;
  readonly ports: Readonly<Record<ProgramName, number>>;
  /** Shared by the simulated carriers and the shipping service. */
  readonly webhookSecret: string;
  file(name: string): string;
}

/** Name of a service's database in the embedded Postgres. */
export const databaseName = (service: DatabaseName | 'transport'): string => `baton_${service}`;

/** Finds or makes the data folder, its ports and its secret. */
export const settle = async (folder: string, wantedPort: number): Promise<Places> => {
  mkdirSync(join(folder, 'ports'), { recursive: true });
  const ports: Partial<Record<ProgramName, number>> = {};
  for (const name of programs) {
    const file = join(folder, 'ports', name);
    const port = await keptPort(file);
    keepPort(file, port);
    ports[name] = port;
  }
  const portMoved = wantedPort !== 0 && !(await isFree(wantedPort));
  return {
    folder,
    gatewayPort: portMoved || wantedPort === 0 ? await freePort() : wantedPort,
    portMoved,
    ports: ports as Record<ProgramName, number>,
    webhookSecret: keptSecret(join(folder, 'webhook-secret')),
    file: (name) => join(folder, name),
  };
};

/** Throws when a system runs on a data folder: nothing of it may be changed or removed before it has ended. */
export const refuseHeld = (folder: string): void => {
  for (const part of ['postgres', 'kafka']) {
    const owner = ownerOf(join(folder, part));
    if (owner !== undefined)
      throw new Error(`Process ${owner} is already running on ${folder}. End it first, or choose another data folder.`);
  }
};

/** Forgets everything that a data folder holds. */
export const reset = (folder: string): void => rmSync(folder, { recursive: true, force: true });

const keptSecret = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const secret = randomBytes(32).toString('hex');
    writeFileSync(file, secret, { mode: 0o600 });
    return secret;
  }
};
