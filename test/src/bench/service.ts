import './telemetry.js';
import { runService } from '@baton/service-kit';
import { startProfile, stopProfile } from './profile.js';
import { definitionOf } from './services.js';

/** One service as a process of its own: `node service.js orders`. Its parent may ask for a CPU profile. */

/** What the bench asks of a service's process. */
export type Request = { readonly profile: 'start' } | { readonly profile: 'stop'; readonly file: string };

process.on('message', (request: Request) => {
  const done = request.profile === 'start' ? startProfile() : stopProfile(request.file);
  void done.then(() => process.send?.({ type: 'profiled' }));
});
await runService(await definitionOf(process.argv[2] ?? ''));
