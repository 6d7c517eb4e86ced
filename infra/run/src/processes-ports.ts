import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

// Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere): a port
// that is kept for the next start must not be taken meanwhile by somebody's client socket.
const LOWEST = 20_000;
const HIGHEST = 29_999;

/** Whether nobody listens on this TCP port of 127.0.0.1 (or of all addresses). */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Ports are chosen long before somebody listens on them. So each process looks in a part of its own first, by its pid:
 * systems that start at the same time, as tests do, then do not choose the same.
 */
const SLICES = 50;
const SLICE = (HIGHEST + 1 - LOWEST) / SLICES;
const ATTEMPTS = 100;
const given = new Set<number>();

/**
 * A port of 127.0.0.1 on which nobody listens right now, and another one at each call. Throws after a hundred busy ones.
 */
export async function freePort(): Promise<number> {
  const first = LOWEST + (process.pid % SLICES) * SLICE;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const own = attempt < ATTEMPTS / 2;
    const port = own ? randomInt(first, first + SLICE) : randomInt(LOWEST, HIGHEST + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No free TCP port found between ${LOWEST} and ${HIGHEST}.`);
}

/** The port kept in `file` if it is free, else another free one, which is kept there for the next start. */
export async function keptPort(file: string): Promise<number> {
  const kept = readPort(file);
  if (kept !== undefined && (await isFree(kept))) return kept;
  const port = await freePort();
  keepPort(file, port);
  return port;
}

/** Keeps a port in a file for the next start. */
export function keepPort(file: string, port: number): void {
  writeFileSync(file, `${port}\n`);
}

function readPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}
