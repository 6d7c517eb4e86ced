import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HttpCarriers } from '../carrier/http-carriers.js';
import { problemWithSignature } from '../webhook-signature.js';
import type { CarrierBehaviour } from './behaviour.js';
import { startCarrierSimulator } from './simulator.js';

const secret = 'a-secret-of-carriers';
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Report {
  readonly delivery: string;
  readonly status: string;
  readonly problem: string | undefined;
}
/** Takes reports; refuses the first `refusals` of them. */
const receiver = async (refusals = 0) => {
  const reports: Report[] = [];
  let left = refusals;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    if (left-- > 0) {
      response.writeHead(500).end();
      return;
    }
    const { headers } = request;
    const signature = headers['x-carrier-signature'] as string;
    const timestamp = headers['x-carrier-timestamp'] as string;
    reports.push({
      delivery: headers['x-carrier-delivery'] as string,
      status: JSON.parse(body.toString()).status,
      problem: problemWithSignature(secret, { signature, timestamp, body }, Date.now()),
    });
    response.end('{}');
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { reports, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/carrier` };
};

const start = async (options: Partial<CarrierBehaviour> = {}, more: { webhookUrl?: string; journal?: string } = {}) => {
  const webhookUrl = 'http://127.0.0.1:1/';
  const simulator = await startCarrierSimulator({ port: 0, webhookUrl, secret, seed: 7, options, ...more });
  stops.push(() => simulator.close());
  return { simulator, carriers: new HttpCarriers(simulator.url, 5_000) };
};

const recipient = { name: 'Ada', street: null, city: 'Paris', region: null, postalCode: '01234', country: 'France' };
const calls = (carriers: HttpCarriers, order: string) => {
  const named = (key: string) => ({ key: `${order}/${key}`, signal: new AbortController().signal });
  const request = { carrier: 'swift', reference: order, serviceLevel: 'standard', recipient } as const;
  const book = () => carriers.book(request, named('book'));
  const booking = async () => {
    const answer = await book();
    if (answer.kind === 'rejected') throw new Error(answer.reason);
    return { carrier: 'swift', bookingId: answer.bookingId, bookingKey: `${order}/book` };
  };
  return {
    book,
    cancel: async () => carriers.cancel(await booking(), named('cancel')),
    handOver: async () => carriers.handOver(await booking(), 1, named('hand-over')),
  };
};

/** What shipping's effects do: the same call again until there is an answer. */
const untilAnswered = async <Answer>(call: () => Promise<Answer>): Promise<{ answer: Answer; tries: number }> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return { answer: await call(), tries };
    } catch (error) {
      if (tries > 10) throw error;
    }
  }
};

describe('simulated carriers', () => {
  it('book once under a key, whatever is lost, fails or is slow on the way', async () => {
    const { simulator, carriers } = await start({ failRate: 0.4, loseAnswerRate: 0.4, slowRate: 0.3, slowMs: 5 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => untilAnswered(calls(carriers, `A-${n}`).book)),
    );
    expect(simulator.stats()).toMatchObject({ booked: 40, rejected: 0 });
    expect(answers.filter(({ tries }) => tries > 1).length).toBeGreaterThan(10);
    const again = await Promise.all(answers.map((_, n) => calls(carriers, `A-${n}`).book()));
    expect(again).toEqual(answers.map(({ answer }) => answer));
    expect(simulator.stats().booked).toBe(40);
  });

  it('reject for good, and the same ones under the same seed', async () => {
    const reject = async () => {
      const { carriers } = await start({ rejectRate: 0.5 });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => calls(carriers, `A-${n}`).book()));
      return answers.map(({ kind }) => kind);
    };
    const first = await reject();
    expect(new Set(first)).toEqual(new Set(['booked', 'rejected']));
    expect(await reject()).toEqual(first);
  });

  it('refuse a cancellation or a handover for a while, and do it when asked again', async () => {
    const { simulator, carriers } = await start({ refuseRate: 1 });
    const { tries } = await untilAnswered(calls(carriers, 'A-1').cancel);
    expect(tries).toBeGreaterThan(1);
    await untilAnswered(calls(carriers, 'A-2').handOver);
    expect(simulator.stats()).toMatchObject({ cancelled: 1, handedOver: 1 });
  });

  it('book nothing when a booking is repeated late, after its cancellation', async () => {
    const { simulator, carriers } = await start();
    const { book, cancel, handOver } = calls(carriers, 'A-1');
    await cancel();
    expect((await book()).kind).toBe('rejected');
    await expect(handOver()).rejects.toThrow();
    expect(simulator.stats()).toMatchObject({ booked: 1, cancelled: 1, handedOver: 0 });
  });

  it('do not cancel what is on its way', async () => {
    const { carriers } = await start();
    const { cancel, handOver } = calls(carriers, 'A-1');
    const at = await handOver();
    expect(await handOver()).toBe(at);
    await expect(cancel()).rejects.toMatchObject({ name: 'AskAgain' });
  });

  it('report what is under way, signed, until it is taken, and some of it twice', async () => {
    const { reports, url } = await receiver(2);
    const { simulator, carriers } = await start({ deliverySeconds: 0, duplicateRate: 1 }, { webhookUrl: url });
    await calls(carriers, 'A-1').handOver();
    await vi.waitFor(() => expect(simulator.stats().openReports).toBe(0), { timeout: 20_000 });
    expect(reports.map(({ status }) => status).sort()).toEqual(['delivered', 'delivered', 'dispatched', 'dispatched']);
    expect(new Set(reports.map(({ delivery }) => delivery)).size).toBe(2);
    expect(reports.every(({ problem }) => problem === undefined)).toBe(true);
  });

  it('lose and return parcels at the rates they were given', async () => {
    const { reports, url } = await receiver();
    const { carriers } = await start({ deliverySeconds: 0, lostRate: 0.4, returnedRate: 0.4 }, { webhookUrl: url });
    await Promise.all(Array.from({ length: 30 }, (_, n) => calls(carriers, `A-${n}`).handOver()));
    await vi.waitFor(() => expect(reports).toHaveLength(60), { timeout: 20_000 });
    expect(new Set(reports.map(({ status }) => status))).toEqual(
      new Set(['dispatched', 'delivered', 'lost', 'returned']),
    );
  });

  it('honour their keys after a restart, and finish their reports', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carriers-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const journal = join(folder, 'deep', 'carriers.jsonl');
    const before = await start({ deliverySeconds: 0 }, { journal });
    const cancelled = calls(before.carriers, 'A-1');
    await cancelled.cancel();
    const gone = await calls(before.carriers, 'A-2').handOver();
    await before.simulator.close();
    stops.splice(-1);
    appendFileSync(journal, '{"remember":{"carr');

    const { reports, url } = await receiver();
    const { simulator, carriers } = await start({ deliverySeconds: 0 }, { journal, webhookUrl: url });
    expect(simulator.stats()).toMatchObject({ booked: 2, cancelled: 1, handedOver: 1 });
    expect(await calls(carriers, 'A-2').handOver()).toBe(gone);
    expect((await calls(carriers, 'A-1').book()).kind).toBe('rejected');
    await vi.waitFor(() => expect(reports.map(({ status }) => status).sort()).toEqual(['delivered', 'dispatched']));
  });

  it('answer nonsense with a problem', async () => {
    const { simulator } = await start();
    const post = async (path: string, body = '{}', key = 'k'): Promise<[number, string]> => {
      const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
      const response = await fetch(`${simulator.url}${path}`, { method: 'POST', headers, body });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await post('/carriers/nobody/bookings')).toEqual([404, 'unknown-carrier']);
    expect(await post('/carriers/swift/bookings')).toEqual([400, 'invalid']);
    expect(await post('/carriers/swift/bookings', 'no JSON')).toEqual([400, 'invalid']);
    expect(await post('/carriers/swift/bookings', '{}', '')).toEqual([400, 'no-key']);
    expect(await post('/carriers/swift/bookings/bk-9/cancel')).toEqual([404, 'unknown-booking']);
    expect(await post('/elsewhere')).toEqual([404, 'no-such-path']);
  });
});
