import { appendFile, type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Mailbox, startMailbox } from './mailbox.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start = async (options: { dir?: string; keep?: number } = {}): Promise<Mailbox> => {
  const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, ...options });
  cleanups.push(() => mailbox.stop());
  return mailbox;
};

const send = async ({ smtpUrl }: Mailbox, messageId: string, extra: object = {}): Promise<void> => {
  const transport = createTransport(smtpUrl);
  await transport.sendMail({
    from: 'shop@shop.example',
    to: 'zoe@example.test',
    subject: 'Hé',
    text: 'x',
    messageId,
    ...extra,
  });
  transport.close();
};

describe('The mailbox', () => {
  it('shows a mail as a page that can run nothing', async () => {
    const mailbox = await start();
    await send(mailbox, '<1@shop.example>', { subject: '<b>Hé</b>', html: '<script>top.x = 1</script>' });
    const page = await fetch(`${mailbox.httpUrl}/mails/1`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('&lt;b&gt;Hé&lt;/b&gt;');
    const html = await fetch(`${mailbox.httpUrl}/mails/1/html`);
    expect(html.headers.get('content-security-policy')).toMatch(/^sandbox;/);
    const list = await fetch(`${mailbox.httpUrl}/mails`, { headers: { accept: 'text/html,*/*' } });
    expect(await list.text()).toContain('&lt;b&gt;Hé&lt;/b&gt;');
    expect(await (await fetch(`${mailbox.httpUrl}/mails/1/raw`)).text()).toContain('Message-ID: <1@shop.example>');
  });

  it('keeps its count over a restart, and the mails after a half-written one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mailbox-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    const first = await start({ dir });
    await send(first, '<1@shop.example>');
    await send(first, '<2@shop.example>');
    await first.stop();
    cleanups.pop();
    await appendFile(join(dir, 'mails.jsonl'), '{"id":3,"messageId":"<ha');
    const second = await start({ dir });
    await send(second, '<2@shop.example>');
    expect(second.counts).toEqual({ count: 3, unique: 2, repeats: 1 });
    await second.stop();
    cleanups.pop();
    expect((await start({ dir })).counts).toEqual({ count: 3, unique: 2, repeats: 1 });
  });

  it('goes on after a mail that could not be written, whole or half, and counts only those that were', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mailbox-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    const first = await start({ dir });
    await send(first, '<1@shop.example>');
    const probe = await open(join(dir, 'mails.jsonl'));
    cleanups.push(() => probe.close());
    const full = vi.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'appendFile');
    full.mockImplementationOnce(async function (this: FileHandle, line) {
      await this.write((line as string).slice(0, 40));
      throw new Error('ENOSPC: no space left on device');
    });
    const refused = await send(first, '<2@shop.example>').catch((error: unknown) => error);
    expect(refused).toMatchObject({ responseCode: 450 });
    await send(first, '<2@shop.example>');
    await send(first, '<3@shop.example>');
    expect(full).toHaveBeenCalledTimes(3);
    full.mockRestore();
    expect(first.counts).toEqual({ count: 3, unique: 3, repeats: 0 });
    expect((await start({ dir })).counts).toEqual({ count: 3, unique: 3, repeats: 0 });
  });

  it('keeps the latest only, and counts all', async () => {
    const mailbox = await start({ keep: 2 });
    for (const n of [1, 2, 3]) await send(mailbox, `<${n}@shop.example>`);
    expect(await (await fetch(`${mailbox.httpUrl}/mails`)).json()).toMatchObject({
      count: 3,
      unique: 3,
      mails: [{ id: 3 }, { id: 2 }],
    });
    expect((await fetch(`${mailbox.httpUrl}/mails/1`)).status).toBe(404);
  });

  it('refuses what is too large, what it is asked to refuse, and what is no question', async () => {
    const mailbox = await start();
    await expect(send(mailbox, '<1@x.example>', { text: 'x'.repeat(1_200_000) })).rejects.toMatchObject({
      responseCode: 552,
    });
    await expect(send(mailbox, '<2@x.example>', { to: 'refuse-550@example.test' })).rejects.toMatchObject({
      responseCode: 550,
    });
    await expect(send(mailbox, '<3@x.example>', { to: 'refuse-450@example.test' })).rejects.toMatchObject({
      responseCode: 450,
    });
    expect((await fetch(`${mailbox.httpUrl}/mails?limit=0`)).status).toBe(400);
    expect((await fetch(`${mailbox.httpUrl}/mails/../etc`)).status).toBe(404);
    expect(mailbox.counts.count).toBe(0);
  });

  it.each([
    ['GET', '/mails/1', 404, /shows the latest mails only/],
    ['GET', '/mails?limit=Zoe', 400, /^limit: /],
    ['DELETE', '/mails', 405, /only read/],
  ])('says what is wrong with %s %s', async (method, path, status, detail) => {
    const mailbox = await start();
    const answer = await fetch(`${mailbox.httpUrl}${path}`, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status, detail: expect.stringMatching(detail) });
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});
