import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { type CarrierBehaviour, chance, fateOfCall, fateOfParcel, obedient } from './behaviour.js';
import { type CarrierBooking, Ledger, type Remembered } from './ledger.js';
import { type Report, Webhooks } from './webhooks.js';

export interface CarrierSimulatorOptions {
  /** 0 for one that is free. */
  readonly port: number;
  /** Address to listen on. Default 127.0.0.1: only this machine can reach it. */
  readonly host?: string;
  /** Where parcels under way are reported. */
  readonly webhookUrl: string;
  /** Signs the reports. */
  readonly secret: string;
  readonly seed: string | number;
  readonly carriers?: readonly string[];
  readonly options?: Partial<CarrierBehaviour>;
  /** A file that keeps what the carriers know over a restart; without it they forget. */
  readonly journal?: string;
}

export interface CarrierStats {
  readonly booked: number;
  readonly rejected: number;
  readonly cancelled: number;
  readonly handedOver: number;
  /** Reports that were not taken yet. */
  readonly openReports: number;
}

export interface CarrierSimulator {
  readonly url: string;
  readonly port: number;
  stats(): CarrierStats;
  close(): Promise<void>;
}

const DEFAULT_CARRIERS = ['swift', 'parcelway'];
const SECOND_MS = 1_000;

const bookingBody = z.object({
  reference: z.string().min(1),
  service: z.string().min(1),
  recipient: z.object({
    name: z.string().min(1),
    city: z.string().min(1),
    postalCode: z.string().min(1),
    country: z.string().min(1),
  }),
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
const problem = (status: number, code: string, detail: string): Answer => ({ status, body: { code, detail } });

/** Several carriers behind one HTTP API; they book, cancel, take over and report, and misbehave as they are told to. */
export const startCarrierSimulator = async (settings: CarrierSimulatorOptions): Promise<CarrierSimulator> => {
  const carriers = new Carriers(settings);
  const server = createServer((request, response) => {
    carriers.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, settings.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stats: () => carriers.stats(),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      carriers.close();
    },
  };
};

class Carriers {
  private readonly names: ReadonlySet<string>;
  private readonly behaviour: CarrierBehaviour;
  private readonly seed: string | number;
  private readonly ledger: Ledger;
  private readonly webhooks: Webhooks;
  /** How often each key was tried; a process that begins anew fails anew, which does no harm. */
  private readonly tries = new Map<string, number>();

  constructor({ carriers = DEFAULT_CARRIERS, options, seed, journal, webhookUrl, secret }: CarrierSimulatorOptions) {
    this.names = new Set(carriers);
    this.behaviour = { ...obedient, ...options };
    this.seed = seed;
    this.ledger = new Ledger(journal);
    this.webhooks = new Webhooks(webhookUrl, secret, ({ delivery }) => this.ledger.wasReported(delivery));
    for (const booking of this.ledger.bookings()) this.report(booking);
  }

  stats(): CarrierStats {
    const bookings = this.ledger.bookings();
    const having = (status: CarrierBooking['status']): number => bookings.filter((one) => one.status === status).length;
    return {
      booked: bookings.length,
      rejected: this.ledger.rejections(),
      cancelled: having('cancelled'),
      handedOver: having('handed-over'),
      openReports: this.webhooks.open,
    };
  }

  close(): void {
    this.webhooks.close();
    this.ledger.close();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://carriers');
    const [root, carrier = '', bookings, bookingId, call] = pathname.slice(1).split('/').map(decodeURIComponent);
    if (pathname === '/health') return send(response, { status: 200, body: this.stats() });
    if (root !== 'carriers' || bookings !== 'bookings') return send(response, problem(404, 'no-such-path', pathname));
    if (!this.names.has(carrier))
      return send(response, problem(404, 'unknown-carrier', `There is no carrier ${carrier}.`));
    if (request.method === 'GET') return send(response, this.read(carrier, searchParams.get('key') ?? ''));
    const key = String(request.headers['idempotency-key'] ?? '');
    if (key === '') return send(response, problem(400, 'no-key', 'Every call needs an Idempotency-Key.'));

    const fate = fateOfCall(this.seed, this.behaviour, key);
    const tried = (this.tries.get(key) ?? 0) + 1;
    this.tries.set(key, tried);
    if (tried <= fate.failures) return send(response, problem(503, 'unavailable', 'Try again later.'));
    const refuse = tried <= fate.failures + fate.refusals;
    const answer =
      bookingId === undefined
        ? this.book(carrier, key, body, fate.rejected)
        : this.change(carrier, bookingId, call ?? '', refuse);
    const done = answer.status < 300;
    if (done && fate.losesAnswer && tried === fate.failures + (call === undefined ? 0 : fate.refusals) + 1) {
      response.destroy();
      return;
    }
    if (done && fate.slowMs > 0) await pause(fate.slowMs, undefined, { ref: false });
    send(response, answer);
  }

  private read(carrier: string, key: string): Answer {
    const known = this.ledger.under(carrier, key);
    return known ? answerOf(known) : problem(404, 'unknown-key', 'Nothing was booked under this key.');
  }

  private book(carrier: string, key: string, body: unknown, rejected: boolean): Answer {
    const known = this.ledger.under(carrier, key);
    if (known) return answerOf(known);
    const parsed = bookingBody.safeParse(body);
    if (!parsed.success) return problem(400, 'invalid', `The booking lacks ${parsed.error.issues[0]?.path.join('.')}.`);
    if (rejected) return answerOf(this.ledger.reject(carrier, key, `${carrier} has no capacity on this route.`));
    return answerOf(this.ledger.book(carrier, key));
  }

  private change(carrier: string, bookingId: string, call: string, refuse: boolean): Answer {
    const booking = this.ledger.booking(carrier, bookingId);
    if (!booking) return problem(404, 'unknown-booking', `${carrier} has no booking ${bookingId}.`);
    if (call === 'cancel') return this.cancel(booking, refuse);
    if (call === 'handover') return this.handOver(booking, refuse);
    return problem(404, 'no-such-path', call);
  }

  private cancel(booking: CarrierBooking, refuse: boolean): Answer {
    if (booking.status === 'handed-over') return problem(409, 'handed-over', 'The parcels are on their way.');
    if (booking.status === 'cancelled') return answerOf(booking);
    if (refuse) return problem(409, 'not-now', 'The booking cannot be cancelled at the moment.');
    return answerOf(this.ledger.cancel(booking));
  }

  private handOver(booking: CarrierBooking, refuse: boolean): Answer {
    if (booking.status === 'cancelled') return problem(409, 'cancelled', 'The booking was cancelled.');
    if (booking.status === 'handed-over') return answerOf(booking);
    if (refuse) return problem(409, 'not-now', 'The driver had no room.');
    const taken = this.ledger.handOver(booking, new Date().toISOString());
    this.report(taken);
    return answerOf(taken);
  }

  /** Sees to it that the reports of a parcel that was handed over are sent, those that have not arrived. */
  private report(booking: CarrierBooking): void {
    const { carrier, bookingId, trackingNumber, handedOverAt } = booking;
    if (handedOverAt === undefined) return;
    const outcome = fateOfParcel(this.seed, this.behaviour, bookingId);
    const arrival = Date.parse(handedOverAt) + this.behaviour.deliverySeconds * SECOND_MS;
    const due = [
      { status: 'dispatched', atMs: Date.parse(handedOverAt) },
      { status: outcome, atMs: arrival },
    ];
    for (const { status, atMs } of due) {
      const delivery = `${bookingId}-${status}`;
      if (this.ledger.isReported(delivery)) continue;
      const reason = status === 'lost' ? 'lost in a depot' : 'nobody at home';
      const withReason = status === 'lost' || status === 'returned' ? { reason } : {};
      const report: Report = {
        delivery,
        body: { carrier, trackingNumber, status, at: new Date(atMs).toISOString(), ...withReason },
        twice: chance(this.seed, delivery, 'twice') < this.behaviour.duplicateRate,
      };
      this.webhooks.sendIn(Math.max(0, atMs - Date.now()), report);
    }
  }
}

const answerOf = (known: Remembered): Answer =>
  'rejected' in known
    ? problem(422, 'rejected', known.rejected)
    : {
        status: 200,
        body: {
          bookingId: known.bookingId,
          trackingNumber: known.trackingNumber,
          status: known.status,
          handedOverAt: known.handedOverAt,
        },
      };

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  try {
    return await json(request);
  } catch {
    return undefined;
  }
};

const send = (response: ServerResponse, { status, body }: Answer): void => {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
};
