#!/usr/bin/env node
import { exitCodes } from './cli/exit-codes.js';
import { run } from './cli/run.js';

const { stdin, stdout, stderr, env } = process;

let unwritten = false;
// A reader such as `head` that has seen enough is no error, and ends nothing that is being sent.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || unwritten) return;
  unwritten = true;
  process.exitCode = exitCodes.failed;
  stderr.write(`baton: ${error.message}\n`);
});
// Nobody is left to be told.
stderr.on('error', () => undefined);

const code = await run(process.argv.slice(2), { stdin, stdout, stderr, env });
process.exitCode ||= code;
