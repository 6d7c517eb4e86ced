import { inspect } from 'node:util';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpCarriers } from './http-carriers.js';
import type { BookingRequest } from './port.js';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const serve = async (listener: RequestListener, timeoutMs = 5_000): Promise<HttpCarriers> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new HttpCarriers(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, timeoutMs);
};
const answering = (status: number, body: unknown) =>
  serve((_, response) => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)));

const request: BookingRequest = {
  carrier: 'swift',
  reference: 'A-1/1',
  serviceLevel: 'standard',
  recipient: { name: 'Ada Secret', street: null, city: 'Paris', region: null, postalCode: '01234', country: 'France' },
};
const named = { carrier: 'swift', bookingId: 'bk-1', bookingKey: 'A-1/1/book/1' };
const options = () => ({ key: 'A-1/1/book/1', signal: new AbortController().signal });
const booked = { bookingId: 'bk-1', trackingNumber: 'T-1' };

describe('booking over HTTP', () => {
  it('sends the key and the address, and understands a booking', async () => {
    const seen: unknown[] = [];
    const carriers = await serve((incoming, response) => {
      seen.push(incoming.method, incoming.url, incoming.headers['idempotency-key']);
      response.end(JSON.stringify({ ...booked, more: 'ignored' }));
    });
    expect(await carriers.book(request, options())).toEqual({ kind: 'booked', ...booked });
    expect(seen).toEqual(['POST', '/carriers/swift/bookings', 'A-1/1/book/1']);
  });

  it.each([
    [422, { code: 'rejected', detail: 'no capacity' }, 'no capacity'],
    [400, { code: 'invalid' }, 'invalid'],
    [404, { code: 'unknown-carrier', detail: 'There is no carrier swift.' }, 'There is no carrier swift.'],
    [410, { code: 'gone' }, 'gone'],
    [422, { detail: 'Ada Secret, 01234 PARIS is on no route' }, '… …, … … is on no route'],
    [422, { detail: `a\u0000b\ud800${'x'.repeat(900)}` }, `ab\ufffd${'x'.repeat(497)}`],
    [200, { ...booked, status: 'cancelled' }, 'swift cancelled the booking'],
  ])('takes %i %j for a rejection', async (status, body, reason) => {
    expect(await (await answering(status, body)).book(request, options())).toEqual({ kind: 'rejected', reason });
  });

  it.each([
    ['प्रिया शर्मा', 'प्रिया शर्मा is not known', '… … is not known'],
    ['王伟', '找不到王伟', '找不到…'],
    ['Bo Müller', 'bo MU\u0308LLER will not open the box', '… … will not open the box'],
  ])('strikes %s from a rejection, however it is written', async (name, detail, reason) => {
    const carriers = await answering(422, { detail });
    const answer = await carriers.book({ ...request, recipient: { ...request.recipient, name } }, options());
    expect(answer).toEqual({ kind: 'rejected', reason });
  });

  it.each([
    [500, {}],
    [503, { code: 'unavailable' }],
    [302, {}],
    [401, {}],
    [403, {}],
    [404, 'nginx'],
    [408, {}],
    [409, { code: 'in-progress' }],
    [429, {}],
    [400, '<html>nginx</html>'],
    [410, ''],
    [431, {}],
    [200, { ...booked, more: 'x'.repeat(70_000) }],
    [200, 'no JSON'],
    [200, { bookingId: 'bk-1' }],
    [200, { bookingId: 'bk-1', trackingNumber: 'T\u0000' }],
  ])('never takes %i %j for an answer', async (status, body) => {
    await expect((await answering(status, body)).book(request, options())).rejects.toMatchObject({
      name: 'Unanswered',
    });
  });

  it('gives up waiting at the timeout, at the caller’s wish, and when the connection is cut', async () => {
    const silent = await serve(() => {}, 50);
    await expect(silent.book(request, options())).rejects.toMatchObject({
      name: 'Unanswered',
      message: /no answer in 50 ms/,
    });
    const stop = new AbortController();
    const cut = await serve((incoming) => {
      if (incoming.url?.includes('swift')) incoming.socket.destroy();
      else stop.abort();
    });
    await expect(cut.book(request, options())).rejects.toMatchObject({ name: 'Unanswered' });
    const stopped = cut.book({ ...request, carrier: 'other' }, { ...options(), signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'Unanswered' });
  });

  it('tells no personal data in its errors', async () => {
    for (const carriers of [
      await answering(500, {}),
      await answering(200, 'Ada Secret'),
      new HttpCarriers('http://127.0.0.1:1', 500),
    ]) {
      const error = await carriers.book(request, options()).catch((reason: unknown) => reason as Error);
      expect(inspect(error)).not.toMatch(/Ada|Paris|01234/);
    }
  });
});

describe('cancelling and handing over', () => {
  it('believes only a confirmation', async () => {
    await (await answering(200, { status: 'cancelled' })).cancel(named, options());
    for (const body of ['<html>Down for maintenance</html>', {}, { status: 'booked' }]) {
      await expect((await answering(200, body)).cancel(named, options())).rejects.toMatchObject({ name: 'Unanswered' });
    }
    const at = '2026-01-05T09:00:00.000Z';
    expect(await (await answering(200, { handedOverAt: at })).handOver(named, 2, options())).toBe(at);
    // A record keeps milliseconds: what it says again is what was said first.
    for (const handedOverAt of ['2026-01-05T09:00:00.000123Z', '2026-01-05T09:00:00Z']) {
      expect(await (await answering(200, { handedOverAt })).handOver(named, 2, options()), handedOverAt).toBe(at);
    }
    await expect((await answering(200, { handedOverAt: 'soon' })).handOver(named, 2, options())).rejects.toMatchObject({
      name: 'Unanswered',
    });
  });

  it.each([400, 403, 404, 409, 422])('asks again after a refusal (%i)', async (status) => {
    const carriers = await answering(status, { code: 'not-now' });
    await expect(carriers.cancel(named, options())).rejects.toMatchObject({ name: 'AskAgain' });
    await expect(carriers.handOver(named, 2, options())).rejects.toMatchObject({ name: 'AskAgain' });
  });

  it('repeats no more of a refusal than a short code', async () => {
    const said = async (code: string) => {
      const carriers = await answering(422, { code });
      return String(await carriers.cancel(named, options()).catch((error: unknown) => error));
    };
    expect(await said('not-now')).toContain('(422 not-now)');
    expect(await said('picked up by Ada Secret, 7 Rue Secrète')).toContain('(422)');
  });

  it('believes that a booking is unknown only when nothing lives under its key', async () => {
    const under = (status: number, body: unknown) =>
      serve((incoming, response) => {
        if (incoming.method === 'GET') response.writeHead(status).end(JSON.stringify(body));
        else response.writeHead(404).end(JSON.stringify({ code: 'unknown-booking' }));
      });
    await (await under(404, { code: 'unknown-key' })).cancel(named, options());
    await (await under(200, { status: 'cancelled' })).cancel(named, options());
    for (const alive of [await under(200, { status: 'booked' }), await under(404, {}), await under(409, {})]) {
      await expect(alive.cancel(named, options())).rejects.toMatchObject({ name: 'AskAgain' });
    }
  });
});
