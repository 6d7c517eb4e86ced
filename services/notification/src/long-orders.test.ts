import { type EventDraft, FulfilmentContinued } from '@baton/contracts';
import { encode } from '@baton/messaging';
import {
  eventually,
  type FreshDatabase,
  freshDatabase,
  keepHouse,
  keepHouseLongAgo,
  MemoryTransport,
} from '@baton/messaging/testing';
import { type RunningService, startService } from '@baton/service-kit';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mailbox, startMailbox } from './mailbox/mailbox.js';
import { notification } from './notification.module.js';
import { cancelled, delayed, orderId, placed } from './testing/notification.fixture.js';

let database: FreshDatabase;
let mailbox: Mailbox;
let service: RunningService;
const transport = new MemoryTransport();
const plan = notification.retention ?? {};

const hear = (...events: readonly EventDraft[]): void =>
  transport.deliver(events.map((draft) => encode(draft, new Date().toISOString(), {})));
const settled = async (): Promise<unknown> =>
  (await database.query(`select count(*)::int as n from mails_all where state = 'sent' and not taken_back`))[0]?.['n'];

beforeAll(async () => {
  database = await freshDatabase();
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
  const env = { DATABASE_URL: database.url, SMTP_URL: mailbox.smtpUrl, LOG_LEVEL: 'silent' };
  service = await startService(notification, { env, transport });
});
afterAll(async () => {
  await service?.stop();
  await mailbox?.stop();
  await database?.drop();
});

it('A_customer is written to once for each reason for as long as the order is under way, whatever its age', async () => {
  const source = service.app.get(DataSource);
  hear(placed, delayed);
  await eventually(async () => expect(await settled()).toBe(2));
  await keepHouseLongAgo(source, plan, 100);
  hear(FulfilmentContinued({ orderId, shipments: [1, 2] }, 9));
  await eventually(async () => expect(await database.query('select reason from mails')).toHaveLength(2));
  await keepHouse(source, plan);
  expect(await database.query('select reason from mails')).toEqual([]);

  hear(delayed, cancelled);
  await eventually(async () => expect(await settled()).toBe(3));
  expect(mailbox.counts).toEqual({ count: 3, unique: 3, repeats: 0 });
});
