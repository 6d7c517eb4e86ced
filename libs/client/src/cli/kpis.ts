import { type Command, InvalidArgumentError, Option } from 'commander';
import type { KpiQuestion } from '../client/kpi-views.js';
import { clientOf, type Connection } from './connection.js';
import { type Io, say, sayJson } from './io.js';
import { kpiPage } from './kpi-page.js';

const moment = (value: string): string => {
  if (/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new InvalidArgumentError('It must be a date or a moment in UTC, such as 2026-11-24 or 2026-11-24T09:00:00Z.');
};

const amount = (value: string): number => {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (number <= 1_000_000_000) return number;
  throw new InvalidArgumentError('It must be a number from 0 on.');
};

/** `baton kpis`. */
export const addKpis = (command: Command, io: Io): void => {
  command
    .option('--from <moment>', '24 hours (by day: 7 days) before the end when absent', moment)
    .option('--to <moment>', 'now when absent', moment)
    .addOption(new Option('--by <period>', 'a line for each').choices(['hour', 'day']).default('hour'))
    .option('--minutes-saved-per-order <n>', 'manual work that a completed order saves', amount)
    .option('--wage-per-hour <n>', 'what that work costs', amount)
    .option('--cost-of-error <n>', 'what an order costs with which something went wrong', amount)
    .option('--running-cost-per-hour <n>', 'what it costs to run the system', amount)
    .option('--people <n>', 'how many people pick and pack', amount)
    .option('--minutes-per-pick-list <n>', 'how long one of them takes for a list', amount)
    .action(async ({ url, json, ...question }: Connection & KpiQuestion) => {
      const answer = await clientOf(io, { ...(url !== undefined && { url }) }).kpis(question);
      if (json) sayJson(io.stdout, answer);
      else say(io.stdout, kpiPage(answer));
    });
};
