import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { docker, execute, ROOT, succeeds } from './docker.js';

/** Scripts that bring up an engine and stand in for images where no registry is reachable; absent on most machines. */
const STAND_INS = resolve(ROOT, '../shared/docker-standins');

const hasStandIns = (): boolean => existsSync(STAND_INS) && process.platform === 'linux' && process.getuid?.() === 0;

/**
 * Sees to it that a Docker engine with Compose answers.
 * @returns false where there is none at all and none can be had, so that there is nothing to test
 * @throws when there is one that does not work: that is no reason to pass
 */
export const engineAnswers = async (): Promise<boolean> => {
  if (!(await succeeds('docker', ['info']))) {
    if (hasStandIns()) await standIn('engine.sh');
    else if (!(await succeeds('docker', ['--version']))) return false;
  }
  await docker('info');
  await docker('compose', 'version');
  return true;
};

/** Sees to it that images are there that a registry may be out of reach for. */
export const haveImages = async (images: readonly string[]): Promise<void> => {
  const present = await Promise.all(images.map((image) => succeeds('docker', ['image', 'inspect', image])));
  const missing = images.filter((_, index) => !present[index]);
  if (missing.length > 0 && hasStandIns()) await standIn('images.sh', ...missing);
};

/** The scripts keep the modes of their files in what they build, where files must be writable. */
const standIn = async (script: string, ...args: readonly string[]): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-stand-ins-'));
  try {
    cpSync(STAND_INS, folder, { recursive: true });
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const full = join(folder, path);
      chmodSync(full, statSync(full).mode | 0o200);
    }
    await execute('bash', [join(folder, script), ...args]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
