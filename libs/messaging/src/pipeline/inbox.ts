import type { Reply } from '../api/outcome.js';
import { arrayOf, arraysOf, type BulkColumn, bulkInsert } from '../state/bulk.js';
import type { Run } from '../state/rows.js';

/** A command that was answered before. */
export interface InboxEntry {
  readonly fingerprint: string;
  readonly reply: Reply;
}

export interface NewInboxEntry extends InboxEntry {
  readonly id: string;
}

export const readInbox = async (run: Run, ids: readonly string[]): Promise<Map<string, InboxEntry>> => {
  if (ids.length === 0) return new Map();
  const { rows } = await run(
    'select id, fingerprint, reply from inbox where id = any($1::text[])',
    [arrayOf('text', ids)],
    'inbox:read',
  );
  return new Map(
    rows.map(([id, fingerprint, reply]) => [
      id as string,
      { fingerprint: fingerprint as string, reply: reply as Reply },
    ]),
  );
};

const COLUMNS: readonly BulkColumn[] = [
  { property: 'id', name: 'id', type: 'text' },
  { property: 'fingerprint', name: 'fingerprint', type: 'text' },
  { property: 'reply', name: 'reply', type: 'jsonb' },
];
const INSERT = bulkInsert('inbox', COLUMNS);

export const insertInbox = (run: Run, entries: readonly NewInboxEntry[]): Promise<unknown> =>
  run(INSERT, arraysOf(COLUMNS, entries), 'inbox:insert');
