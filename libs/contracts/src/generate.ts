import { generate } from './generation/files.js';

// Writes what is generated from the contracts: JSON Schemas, the AsyncAPI document, the reference of events.
const broken = generate();
if (broken.length > 0) {
  console.error(
    `What was released must hold:\n${broken.map((reason) => `  ${reason}\n`).join('')}` +
      'Release a new version of the event instead; docs/how-to/change-an-event.md shows how.',
  );
  process.exitCode = 1;
}
