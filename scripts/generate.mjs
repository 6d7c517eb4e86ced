// Writes every generated file of the repository anew: `node scripts/generate.mjs`. With --check it fails when that
// changed anything, that is, when somebody changed a source and not what is generated from it (or edited the latter).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The generators, each a built program that is run from the top without arguments, and the files and folders it writes;
 * a `*` at the end stands for whatever begins so. A folder belongs to its generator entirely: a file in it that is no
 * longer generated is a difference too.
 */
const GENERATORS = [
  { program: 'libs/contracts/dist/generate.js', writes: ['libs/contracts/generated', 'docs/reference/events.md'] },
  {
    program: 'test/dist/generate/main.js',
    writes: [
      'docs/reference/saga-*',
      'docs/reference/settings.md',
      'docs/reference/metrics.md',
      'docs/reference/openapi',
    ],
  },
];

const check = process.argv.includes('--check');
const differing = [];
for (const { program, writes } of GENERATORS.filter((generator) => existsSync(join(ROOT, generator.program)))) {
  const before = contents(writes);
  const result = spawnSync(process.execPath, [program], { cwd: ROOT, encoding: 'utf8' });
  if (result.status !== 0) {
    console.error(`${program} failed:\n${result.stdout}${result.stderr}`);
    process.exit(1);
  }
  const after = contents(writes);
  for (const file of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(file) !== after.get(file)) differing.push(file);
  }
}
const changes = check && differing.length === 0 ? uncommitted(GENERATORS.flatMap((generator) => generator.writes)) : '';
for (const file of differing) console.log(`${check ? 'differs from what its source generates' : 'written'}: ${file}`);
if (changes !== '') console.log(`generated anew, but not committed:\n${changes}`);
if (check && (differing.length > 0 || changes !== '')) process.exit(1);

/** Path → text of all files at and under the given paths. */
function contents(paths) {
  const found = new Map();
  const visit = (path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full)) visit(`${path}/${name}`);
    else found.set(path, readFileSync(full, 'utf8'));
  };
  for (const path of spelledOut(paths)) visit(path);
  return found;
}

/** The paths, with those that are there in place of each that ends in `*`. */
function spelledOut(paths) {
  return paths.flatMap((path) => {
    if (!path.endsWith('*')) return [path];
    const [folder, start] = [dirname(path), basename(path, '*')];
    return readdirSync(join(ROOT, folder)).flatMap((name) => (name.startsWith(start) ? [`${folder}/${name}`] : []));
  });
}

/** In CI, where nobody has files half done, what git does not know is a difference as well. */
function uncommitted(paths) {
  if (process.env.CI === undefined || !existsSync(join(ROOT, '.git'))) return '';
  const present = spelledOut(paths).filter((path) => existsSync(join(ROOT, path)));
  if (present.length === 0) return '';
  return (
    spawnSync('git', ['status', '--porcelain', '--', ...present], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
  );
}
