import type { EventDraft } from '@baton/contracts';
import { encode } from '@baton/messaging';
import { eventually, type FreshDatabase, freshDatabase, MemoryTransport } from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Mailbox, startMailbox } from './mailbox/mailbox.js';
import { notification } from './notification.module.js';
import { cancelled, customer, delivered, dispatched, orderId, placed } from './testing/notification.fixture.js';

let database: FreshDatabase;
let transport: MemoryTransport;
let mailbox: Mailbox;
let service: RunningService;
const log: string[] = [];
const statements = vi.spyOn(DataSource.prototype, 'query');
/** How often it was read what mails are written from. */
const reads = (): number => statements.mock.calls.filter(([sql]) => sql.includes('contact, lines, facts')).length;

const start = async (): Promise<void> => {
  const env = { DATABASE_URL: database.url, SMTP_URL: mailbox.smtpUrl, LOG_LEVEL: 'debug' };
  service = await startService(notification, {
    env,
    transport,
    logDestination: { write: (line) => void log.push(line) },
  });
};

beforeAll(async () => {
  database = await freshDatabase();
  transport = new MemoryTransport();
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
  await start();
});

afterAll(async () => {
  await service?.stop();
  await mailbox?.stop();
  await database?.drop();
});

const record = (draft: EventDraft) => encode(draft, new Date().toISOString(), {});
/** What was said about an order: the event's name and its mail's reason, in any order. */
const said = (key: string) =>
  transport.records
    .filter((each) => each.key === key)
    .map(({ headers, value }) => {
      const { reason } = JSON.parse(value.toString()) as { reason: string };
      return `${headers.ce_type?.split('.')[2]} ${reason}`;
    })
    .toSorted();
const mails = async () =>
  (await (await fetch(`${mailbox.httpUrl}/mails`)).json()) as { mails: { subject: string; recipients: string[] }[] };
const events = [delivered, dispatched, placed, cancelled];
const reasons = ['order-cancelled', 'order-placed', 'shipment-delivered', 'shipment-dispatched'];

describe('The notification service', () => {
  it('is waited for by nobody: its transport may gather for a moment', () => {
    expect(transport.subscriptions).toMatchObject([{ group: 'baton-notification', patienceMs: 250 }]);
  });

  it('sends each mail once, whatever the order and repetition of events, over a restart', async () => {
    transport.deliver([...events, ...events].map(record));
    const answers = reasons.map((reason) => `CustomerNotified ${reason}`);
    await eventually(() => expect([...new Set(said(orderId))]).toEqual(answers));
    expect(mailbox.counts).toEqual({ count: 4, unique: 4, repeats: 0 });
    // All was at hand.
    expect(reads()).toBe(0);
    await service.stop();
    await start();
    transport.repeat('orders');
    // Published a second time: new records with the same ids.
    transport.deliver(events.map(record));
    const before = transport.records.length;
    await eventually(() => transport.records.length >= before + events.length);
    expect(mailbox.counts.count).toBe(4);
    expect(new Set(transport.records.map(({ headers }) => headers.ce_id)).size).toBe(4);
    const { mails: sent } = await mails();
    expect(sent.every(({ recipients }) => recipients[0] === customer.email)).toBe(true);
    expect(await (await fetch(`${service.url}/notifications?orderId=${orderId}`)).json()).toMatchObject({
      notifications: reasons.map(() => ({ state: 'sent' })),
    });
  });

  it('says when a mail will never arrive, and sends those around it', async () => {
    const order = (id: string, email: string): EventDraft => ({
      ...placed,
      id: `${id}/placed`,
      key: id,
      data: { ...placed.data, orderId: id, customer: { ...customer, email } },
    });
    transport.deliver(
      [order('N-1', 'a@example.test'), order('N-2', 'refuse-550@example.test'), order('N-3', 'c@example.test')].map(
        record,
      ),
    );
    await eventually(() => {
      expect(said('N-1')).toEqual(['CustomerNotified order-placed']);
      expect(said('N-2')).toEqual(['NotificationFailed order-placed']);
      expect(said('N-3')).toEqual(['CustomerNotified order-placed']);
    });
    const failed = await (await fetch(`${service.url}/notifications?state=failed`)).json();
    expect(failed).toMatchObject({ notifications: [{ orderId: 'N-2', detail: expect.stringContaining('550') }] });
  });

  it('looks for mails that wait or are sent in the table alone, and not in the archive', async () => {
    // None is ever there: that these are not found tells that they were not looked for among all that ever were.
    const listed = async (state: string): Promise<readonly string[]> => {
      const page = await (await fetch(`${service.url}/notifications?state=${state}&limit=200`)).json();
      const { notifications } = page as { notifications: { orderId: string }[] };
      return notifications.map((mail) => mail.orderId).filter((id) => id.startsWith('rests-'));
    };
    await database.query(
      `insert into mails_archive (order_id, shipment, reason, state, facts, wanted_at, detail, archived_at)
       select 'rests-' || state, 1, 'order-delayed', state, '{}', now(), 'x', now()
       from unnest('{waiting,sending,sent,failed}'::text[]) state`,
    );
    expect(await Promise.all(['waiting', 'sending', 'sent', 'failed'].map(listed))).toEqual([
      [],
      [],
      ['rests-sent'],
      ['rests-failed'],
    ]);
    await database.query(`delete from mails_archive where order_id like 'rests-%'`);
  });

  it('waits out a mail server that says later', async () => {
    const id = 'N-4';
    const data = { ...placed.data, orderId: id, customer: { ...customer, email: 'refuse-450@example.test' } };
    transport.deliver([record({ ...placed, id: `${id}/placed`, key: id, data })]);
    await eventually(async () =>
      expect(await database.query(`select tries > 0 as tried from effect where key like 'N-4/%'`)).toEqual([
        { tried: true },
      ]),
    );
    expect(said(id)).toEqual([]);
  });

  it('reads again what a mail is written from when another process sends it', async () => {
    await service.stop();
    statements.mockClear();
    await database.query('update effect set due_at = now(), tries = 0');
    await start();
    await eventually(() => expect(reads()).toBeGreaterThan(0));
    await eventually(async () =>
      expect(await database.query(`select tries > 0 as tried from effect where key like 'N-4/%'`)).toEqual([
        { tried: true },
      ]),
    );
  });

  it('keeps personal data in one column, and out of its log and its events', async () => {
    const personal = /Zoë|O’Brien|example\.test|93727|Fresno/;
    expect(log.join('\n')).not.toMatch(personal);
    expect(transport.records.map(({ value }) => value.toString()).join('\n')).not.toMatch(personal);
    const rows = await database.query(
      `select to_jsonb(mails)::text as row from mails union all select to_jsonb(effect)::text from effect
       union all select (to_jsonb(contacts) - 'contact')::text from contacts`,
    );
    expect(rows.length).toBeGreaterThan(8);
    expect(JSON.stringify(rows)).not.toMatch(personal);
  });

  it('notes that a mail was sent on the page of its record, and touches no index', async () => {
    await database.query(
      `insert into mails (order_id, shipment, reason, state, facts, wanted_at)
       select 'page-' || n, 1, 'shipment-dispatched', 'sending', $1, now() from generate_series(1, 500) n`,
      [{ reason: 'shipment-dispatched', carrier: 'swift', trackingNumber: 'SW-0123456789' }],
    );
    const before = (await database.query(`select n_tup_upd as n from pg_stat_user_tables where relname = 'mails'`))[0];
    await database.query(
      `update mails set state = 'sent', settled_at = now(), message_id = '<' || order_id || '/1/shipment-dispatched@shop.example>'
       where order_id like 'page-%'`,
    );
    // Of the statistics only those of statements that came before are sure to be counted.
    await eventually(async () => {
      await database.query('select pg_stat_force_next_flush()');
      const [now] = await database.query(
        `select n_tup_upd - $1::bigint as updates, n_tup_upd - n_tup_hot_upd as moved from pg_stat_user_tables
         where relname = 'mails'`,
        [before?.['n']],
      );
      expect(Number(now?.['updates'])).toBeGreaterThanOrEqual(500);
      expect(Number(now?.['moved'])).toBeLessThan(50);
    });
  });
});
