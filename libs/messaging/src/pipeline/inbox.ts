import type { Reply } from '../api/outcome.js';
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
    [ids],
    'inbox:read',
  );
  return new Map(
    rows.map(([id, fingerprint, reply]) => [
      id as string,
      { fingerprint: fingerprint as string, reply: reply as Reply },
    ]),
  );
};

export const insertInbox = (run: Run, entries: readonly NewInboxEntry[]): Promise<unknown> =>
  run(
    `insert into inbox (id, fingerprint, reply)
     select id, fingerprint, reply::jsonb from unnest($1::text[], $2::text[], $3::text[]) as k(id, fingerprint, reply)`,
    [
      entries.map(({ id }) => id),
      entries.map(({ fingerprint }) => fingerprint),
      entries.map(({ reply }) => JSON.stringify(reply)),
    ],
    'inbox:insert',
  );
