import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { NotificationsApi } from '../api.js';
import { notificationConfig } from '../config.js';
import { factsOf, type MailKey } from '../domain/mail.js';
import { MAX_TRIES } from '../effects.js';
import { type Mailbox, startMailbox } from '../mailbox/mailbox.js';
import { Archive1764000004000 } from '../store/archive.migration.js';
import { ContactEntity, MailEntity } from '../store/entities.js';
import { CreateMails1764000000000 } from '../store/migrations.js';
import { Conversation, customer, dispatched, placed } from '../testing/notification.fixture.js';
import { MailSender } from './mail-sender.js';

const server = process.env['BATON_TEST_POSTGRES'] ?? '';
const name = `notification_${randomUUID().replaceAll('-', '')}`;
let admin: DataSource;
let database: DataSource;
let mailbox: Mailbox;
const senders: MailSender[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
  admin = await new DataSource({ type: 'postgres', url: server }).initialize();
  await admin.query(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  database = await new DataSource({
    type: 'postgres',
    url: url.href,
    entities: [ContactEntity, MailEntity],
    migrations: [CreateMails1764000000000, Archive1764000004000],
  }).initialize();
  await database.runMigrations();
});

afterAll(async () => {
  for (const sender of senders) sender.onApplicationShutdown();
  for (const each of servers) each.close();
  await mailbox?.stop();
  await database?.destroy();
  await admin?.query(`drop database ${name} with (force)`);
  await admin?.destroy();
});

/** Saves what the reactions make of an order whose customer has this address. */
const wanted = async (orderId: string, email: string = customer.email): Promise<MailKey> => {
  const talk = new Conversation();
  talk.placed();
  talk.hear(dispatched);
  const contact = { ...talk.contact, orderId, contact: { name: customer.name, email }, outboxId: null };
  await database.getRepository(ContactEntity).insert(contact);
  const mails = [...talk.mails.values()].map((mail) => ({ ...mail, orderId, outboxId: null }));
  await database.getRepository(MailEntity).insert(mails);
  return { orderId, shipment: 1, reason: 'shipment-dispatched' };
};

const sender = (settings: Record<string, string> = {}): MailSender => {
  const made = new MailSender(database, notificationConfig.parse({ SMTP_URL: mailbox.smtpUrl, ...settings }));
  senders.push(made);
  return made;
};
const call = (payload: MailKey, attempt = 1) => ({ payload, key: 'k', attempt, signal: new AbortController().signal });

/** A mail server with answers of its own to some lines; to all others it says yes. @returns its address */
const saying = async (answerTo: (line: string) => string | false): Promise<string> => {
  const talking = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mx ESMTP\r\n');
    createInterface({ input: socket }).on('line', (line) => void socket.write(answerTo(line) || '250 ok\r\n'));
  });
  await new Promise<void>((resolve) => talking.listen(0, '127.0.0.1', resolve));
  servers.push(talking);
  return `smtp://127.0.0.1:${(talking.address() as AddressInfo).port}`;
};

describe('A mail that is sent over SMTP', () => {
  it('arrives with both parts, under the same Message-ID at every try', async () => {
    const key = await wanted('CA-1');
    const to = sender();
    const messageId = '<CA-1.1.shipment-dispatched@shop.example>';
    expect(await to.send(call(key))).toEqual({ outcome: 'sent', messageId });
    expect(await to.send(call(key, 2))).toEqual({ outcome: 'sent', messageId });
    expect(mailbox.counts).toEqual({ count: 2, unique: 1, repeats: 1 });
    const list = (await (await fetch(`${mailbox.httpUrl}/mails?text=CA-1.1`)).json()) as { mails: { id: number }[] };
    expect(list.mails).toMatchObject([{ messageId }, { messageId }]);
    const mail = await (await fetch(`${mailbox.httpUrl}/mails/${list.mails[0]?.id}`)).json();
    expect(mail).toMatchObject({ messageId, recipients: [customer.email], subject: 'Your order CA-1 is on its way' });
    expect((mail as { text: string }).text).toContain('Hello Zoë O’Brien 🎁,');
    expect((mail as { html: string }).html).toContain('Zoë O’Brien 🎁');
  });

  it('is written from what is at hand without a statement, and is the same that is written from what is read', async () => {
    const payload = await wanted('CA-7');
    const { name, email } = customer;
    const atHand = { contact: { name, email }, lines: placed.data.lines, facts: factsOf(dispatched) };
    const statements = vi.spyOn(database, 'query');
    await sender().send({ ...call(payload), atHand });
    expect(statements).not.toHaveBeenCalled();
    await sender().send(call(payload));
    expect(statements).toHaveBeenCalledOnce();
    statements.mockRestore();
    const list = (await (await fetch(`${mailbox.httpUrl}/mails?text=CA-7`)).json()) as { mails: { id: number }[] };
    const [read, written] = await Promise.all(
      list.mails.map(async ({ id }) => (await (await fetch(`${mailbox.httpUrl}/mails/${id}`)).json()) as object),
    );
    const content = ({ subject, text, html, recipients }: Record<string, unknown>) => ({
      subject,
      text,
      html,
      recipients,
    });
    expect(content({ ...read })).toEqual(content({ ...written }));
    expect(content({ ...read })).toMatchObject({ recipients: [email], html: expect.stringContaining('CA-7') });
  });

  it('fails for good when the server refuses it, without the address in the reason', async () => {
    const result = await sender().send(call(await wanted('CA-2', 'refuse-550@example.test')));
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('550') });
    expect(JSON.stringify(result)).not.toContain('example.test');
  });

  it('fails without the name and the address in the reason, however the server writes them', async () => {
    const server = await saying(
      (line) => line.startsWith('RCPT TO') && '550 5.1.1 zoe... No O’Brien, see http://mx/?to=zoe%40example.test\r\n',
    );
    const result = await sender({ SMTP_URL: server }).send(call(await wanted('CA-8')));
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('550 5.1.1') });
    expect(JSON.stringify(result)).not.toMatch(/zoe|O’Brien/i);
  });

  it.each(['530 5.7.0 Authentication required', '503 5.5.1 Send EHLO first'])(
    'is tried again when the server finds fault with the session: %s',
    async (answer) => {
      const server = await saying((line) => line.startsWith('MAIL FROM') && `${answer}\r\n`);
      const to = sender({ SMTP_URL: server });
      await expect(to.send(call(await wanted(`CA-${answer.slice(0, 3)}`)))).rejects.toThrow(answer.slice(0, 9));
    },
  );

  it('is tried again when the server says later, and given up after the last try', async () => {
    const key = await wanted('CA-3', 'refuse-450@example.test');
    const failure: unknown = await sender()
      .send(call(key))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toContain('450');
    expect(String(failure)).not.toContain('example.test');
    expect(await sender().send(call(key, MAX_TRIES))).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining(`after ${MAX_TRIES} tries`),
    });
  });

  it('is tried again when no server is there, or it hangs up', async () => {
    const key = await wanted('CA-4');
    const hangsUp = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => hangsUp.listen(0, '127.0.0.1', resolve));
    const { port } = hangsUp.address() as AddressInfo;
    const SMTP_URL = `smtp://127.0.0.1:${port}`;
    await expect(sender({ SMTP_URL }).send(call(key))).rejects.toThrow('did not take a mail');
    await new Promise((resolve) => hangsUp.close(resolve));
    await expect(sender({ SMTP_URL }).send(call(key))).rejects.toThrow('did not take a mail');
  });

  it('is waited for a moment when the service stops, and then let go', async () => {
    const key = await wanted('CA-6');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const to = sender({ SMTP_URL: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    const stopped = { ...call(key), signal: AbortSignal.abort(new Error('stopping')) };
    await expect(to.send(stopped)).rejects.toThrow('did not take a mail');
    expect(await sender().send({ ...call(key), signal: AbortSignal.abort() })).toMatchObject({ outcome: 'sent' });
    to.onApplicationShutdown();
    silent.close();
  });

  it('goes to no server in record mode', async () => {
    const before = mailbox.counts.count;
    const key = await wanted('CA-5');
    expect(await sender({ MAIL_MODE: 'record' }).send(call(key))).toMatchObject({ outcome: 'sent' });
    expect(mailbox.counts.count).toBe(before);
  });

  it('is not sent when nobody is known to send it to', async () => {
    await expect(sender().send(call({ orderId: 'nobody', shipment: 0, reason: 'order-placed' }))).rejects.toThrow(
      'to be sent',
    );
  });

  it('shows in the list without its address', async () => {
    const api = new NotificationsApi(database);
    const page = await api.list({ orderId: 'CA-1', limit: '1' });
    expect(page).toMatchObject({
      notifications: [{ orderId: 'CA-1', shipment: 0, reason: 'order-placed', state: 'sending' }],
    });
    const rest = await api.list({ orderId: 'CA-1', after: page.next });
    expect(rest).toMatchObject({ notifications: [{ shipment: 1 }], next: null });
    expect(JSON.stringify([page, rest])).not.toContain('example.test');
    for (const bad of [{ orderId: 'a\0' }, { after: 'x' }, { limit: '201' }, { state: 'lost' }]) {
      await expect(api.list(bad)).rejects.toThrow(expect.objectContaining({ name: 'ZodError' }));
    }
  });
});
