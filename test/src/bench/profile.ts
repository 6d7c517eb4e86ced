import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** Microseconds between two samples. */
const SAMPLE_EVERY_US = 500;

let session: Session | undefined;

/** Begins to sample where this process spends its CPU time. */
export const startProfile = async (): Promise<void> => {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
  await session.post('Profiler.start');
};

/** Writes what was sampled since `startProfile` as a `.cpuprofile`, which browsers' developer tools open. */
export const stopProfile = async (file: string): Promise<void> => {
  if (!session) throw new Error('No profile was started.');
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  session = undefined;
  writeFileSync(file, JSON.stringify(profile));
};
