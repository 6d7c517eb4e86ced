import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComposeSystem } from '../compose/compose-system.js';
import { ROOT } from '../compose/docker.js';
import { engineAnswers, haveImages } from '../compose/engine.js';
import { liveADay, TROUBLED_WORLD } from './day.js';
import { pagesOf } from './draw.js';
import { record, type Recording } from './recording.js';
import { shoot } from './shoot.js';

const USAGE = `Usage: npm run pictures [-- --again]

Makes the pictures of docs/images from a running system: starts all of compose.yaml under a name and ports of its own,
lets some hundred orders go through it within minutes, asks Prometheus every query of every dashboard and Jaeger for
traces, draws what they answer, and takes everything away again. Needs Docker and a Chromium (or $CHROMIUM, its path).

  --again   draws the last recording again, without the system
`;
const FOLDER = join(ROOT, '.baton', 'pictures');
const IMAGES = join(ROOT, 'docs', 'images');
const RECORDING = join(FOLDER, 'recording.json');
/** Charts begin a little before the first order. */
const MORNING_MS = 20_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const recordADay = async (signal: AbortSignal): Promise<Recording> => {
  if (!(await engineAnswers())) throw new Error('There is no Docker here; --again draws the last recording.');
  const system = await ComposeSystem.settle('pictures', TROUBLED_WORLD);
  try {
    await haveImages(await system.foreignImages());
    say('· building the image');
    await system.compose('build', '--quiet', 'orders');
    say(`· starting ${system.project}`);
    await system.compose('up', '--detach', '--wait', '--no-build');
    say(
      `· Prometheus: ${system.url('prometheus')}  Jaeger: ${system.url('jaeger')}  gateway: ${system.url('gateway')}`,
    );
    const from = Date.now() - MORNING_MS;
    const orderIds = await liveADay(system, signal);
    say('· asking Prometheus and Jaeger');
    return await record(system, orderIds, from, Date.now());
  } finally {
    say('· taking the system away');
    await system.remove();
    await system.removeImage();
  }
};

const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--again')) {
  process.stdout.write(USAGE);
  process.exit(args.includes('--help') ? 0 : 2);
}
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort());

if (!args.includes('--again')) {
  const recording = await recordADay(interrupt.signal);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(RECORDING, JSON.stringify(recording));
}
const pages = pagesOf(JSON.parse(readFileSync(RECORDING, 'utf8')) as Recording);
mkdirSync(IMAGES, { recursive: true });
await shoot(new Map([...pages].map(([name, html]) => [join(IMAGES, `${name}.png`), html])));
say(`· ${[...pages.keys()].map((name) => `docs/images/${name}.png`).join(', ')}`);
