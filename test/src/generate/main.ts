import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referenceFiles } from './files.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Holds nothing but what is generated. */
const OPENAPI = 'docs/reference/openapi';

// Writes the parts of the reference that are made from several services.
const files = await referenceFiles();
for (const [path, text] of files) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
}
for (const name of readdirSync(join(ROOT, OPENAPI))) {
  if (!files.has(`${OPENAPI}/${name}`)) rmSync(join(ROOT, OPENAPI, name));
}
