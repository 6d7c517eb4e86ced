#!/usr/bin/env node
import { run } from './cli/run.js';

// A reader such as `head` that has seen enough is no error, and ends nothing that is being sent.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env });
