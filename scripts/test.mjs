// The whole suite: checks of the source, then every test. Its last line is `N passed, N failed`; a check counts as one.
// `--checks-only` leaves the tests out, and with --fix repairs what can be repaired (format, generated files); other
// arguments go to vitest (`npm test -- libs/saga`) and leave the checks out.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORT = join(ROOT, '.baton', `vitest-${process.pid}.json`);
const BIN = join(ROOT, 'node_modules', '.bin');

const args = process.argv.slice(2);
const checksOnly = args.includes('--checks-only');
const fix = args.includes('--fix');
const CHECKS = [
  ['format', 'biome', ['format', ...(fix ? ['--write'] : []), '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  [
    'dependency directions',
    'depcruise',
    ['--config', '.dependency-cruiser.mjs', 'libs/*/src', 'services/*/src', 'infra/*/src', 'test/src'],
  ],
  ['generated files', 'node', [join(ROOT, 'scripts', 'generate.mjs'), ...(fix ? [] : ['--check'])]],
];

const count = { passed: 0, failed: 0, skipped: 0 };
let interrupted = false;
let running;
// Ctrl-C reaches the step that runs by itself; ours is to wait until it has cleaned up, and to begin no other.
process.on('SIGINT', () => (interrupted = true));
for (const name of ['SIGTERM', 'SIGHUP', 'disconnect']) {
  process.on(name, () => {
    interrupted = true;
    running?.kill('SIGTERM');
  });
}

if (args.length === 0 || checksOnly) for (const [title, program, words] of CHECKS) await check(title, program, words);
if (count.failed > 0 && !fix) console.log('`npm run check -- --fix` formats, and writes generated files anew.\n');
if (!checksOnly) await tests(args);
if (interrupted) process.exit(130);
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);

/** One check, silent but for its title and time when it passes. */
async function check(title, program, words) {
  const begun = Date.now();
  const { code, said } = await step(program, words, 'pipe');
  if (interrupted) return;
  count[code === 0 ? 'passed' : 'failed']++;
  console.log(`${code === 0 ? '✓' : '✗'} ${title} (${seconds(begun)})${code === 0 ? '' : `\n${said.trim()}\n`}`);
}

async function tests(words) {
  if (interrupted) return;
  const begun = Date.now();
  mkdirSync(join(ROOT, '.baton'), { recursive: true });
  const { code } = await step(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...words],
    'inherit',
  );
  const before = count.failed;
  try {
    const report = JSON.parse(readFileSync(REPORT, 'utf8'));
    count.passed += report.numPassedTests;
    // A file that could not even be loaded has no tests to fail.
    count.failed +=
      report.numFailedTests +
      report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    count.skipped += report.numPendingTests + report.numTodoTests;
  } catch {
    console.log('vitest left no report');
  } finally {
    rmSync(REPORT, { force: true });
  }
  // An error outside of any test fails the run without failing a test.
  if (code !== 0 && count.failed === before) count.failed++;
  console.log(`${code === 0 ? '✓' : '✗'} tests (${seconds(begun)})`);
}

/** Runs a program of node_modules, or node itself, to its end. */
function step(program, words, output) {
  return new Promise((resolve) => {
    let said = '';
    const windows = process.platform === 'win32';
    const path = program === 'node' ? process.execPath : join(BIN, program);
    running = spawn(path, words, {
      cwd: ROOT,
      stdio: ['ignore', output, output],
      shell: windows && program !== 'node',
    });
    running.stdout?.setEncoding('utf8').on('data', (text) => (said += text));
    running.stderr?.setEncoding('utf8').on('data', (text) => (said += text));
    running.once('error', (error) => resolve({ code: 1, said: error.message }));
    running.once('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

function seconds(begun) {
  return `${((Date.now() - begun) / 1000).toFixed(1)} s`;
}
