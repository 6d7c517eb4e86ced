import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { baton } from '../testing/baton.js';
import { exitCodes } from './exit-codes.js';

const reference = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8');
const commandsIn = (help: string): readonly string[] =>
  [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => name !== 'help');

const { out: help } = await baton(['--help']);

test('the reference shows the help as it is', () => {
  expect(reference).toContain(`\`\`\`text\n${help.trimEnd()}\n\`\`\``);
});

test.for(commandsIn(help))('the reference shows the help of %s as it is', async (command) => {
  const { out } = await baton([command, '--help']);
  expect(reference).toContain(`## baton ${command}\n\n\`\`\`text\n${out.trimEnd()}\n\`\`\``);
});

test('the reference has no command that is gone', () => {
  const documented = [...reference.matchAll(/^## baton ([a-z]+)$/gm)].map(([, name]) => name);
  expect(documented).toEqual(commandsIn(help));
});

test('the reference says every exit code', () => {
  for (const code of Object.values(exitCodes)) expect(reference).toMatch(new RegExp(`^\\| ${code} \\| `, 'm'));
});
