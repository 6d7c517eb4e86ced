import { text, timestamp } from '@baton/contracts';
import { isTelling, strike } from '@baton/service-kit';
import { z } from 'zod';
import type { Recipient } from '../domain/address.js';
import type { BookingAnswer } from '../domain/decision.js';
import { codeIn } from '../domain/shipment.js';
import {
  AskAgain,
  type BookingName,
  type BookingRequest,
  type CallOptions,
  type CarrierPort,
  Unanswered,
} from './port.js';

const bookedBody = z.object({ bookingId: text(200), trackingNumber: text(100), status: text(50).optional() });
/** As a record keeps it, so that what is said again is what was said first: to the millisecond. */
const handedOverBody = z.object({ handedOverAt: timestamp.transform((moment) => new Date(moment).toISOString()) });
const cancelledBody = z.object({ status: z.literal('cancelled') });
const bookingBody = z.object({ status: text(50) });
const problemBody = z.object({ code: z.string().optional(), detail: z.string().optional() });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Statuses below 500 that say nothing about the shipment: our credentials or our address of the carrier are wrong (401,
 * 403, 404, 405), or the carrier could not get to it (408, 409: the same key is at work, 425, 429).
 */
const aboutTheCall = new Set([401, 403, 404, 405, 407, 408, 409, 425, 429]);
const MAX_REASON = 500;
/** Longest answer that is read, bytes after decompression; a booking has some hundred. */
const MAX_ANSWER = 65_536;

/** The carrier port over HTTP: `…/carriers/<carrier>/bookings`, an Idempotency-Key on every call. */
export class HttpCarriers implements CarrierPort {
  private readonly base: string;

  /**
   * @param url origin and path prefix of the carriers' API
   * @param timeoutMs how long one call may take before its answer counts as unknown
   */
  constructor(
    url: string,
    private readonly timeoutMs: number,
  ) {
    this.base = url.replace(/\/+$/, '');
  }

  async book(
    { carrier, reference, serviceLevel, recipient }: BookingRequest,
    options: CallOptions,
  ): Promise<BookingAnswer> {
    const body = { reference, service: serviceLevel, recipient };
    const answer = await this.call('POST', bookingsOf(carrier), options, body);
    if (answer.status < 300) {
      const { bookingId, trackingNumber, status } = understood(answer, bookedBody);
      // The carrier has cancelled it by itself before we heard that it was booked.
      if (status === 'cancelled') return { kind: 'rejected', reason: `${carrier} cancelled the booking` };
      return { kind: 'booked', bookingId, trackingNumber };
    }
    const { code, detail } = problemIn(answer);
    if (answer.status < 400 || answer.status >= 500) throw unanswered('book', carrier, answer);
    if (aboutTheCall.has(answer.status) && code !== 'unknown-carrier') throw unanswered('book', carrier, answer);
    // A page of a proxy is not the carrier's word, and an earlier try may have booked.
    if (code === undefined && detail === undefined) throw unanswered('book', carrier, answer);
    return { kind: 'rejected', reason: reasonFrom(detail ?? code ?? '', recipient) };
  }

  async cancel({ carrier, bookingId, bookingKey }: BookingName, options: CallOptions): Promise<void> {
    const answer = await this.call('POST', `${bookingsOf(carrier)}/${encodeURIComponent(bookingId)}/cancel`, options);
    // A page of a proxy, or "we shall see", is no confirmation.
    if (answer.status < 300) return void understood(answer, cancelledBody);
    const { code } = problemIn(answer);
    // A carrier that does not know the booking must still say that nothing lives under the key before we believe it.
    if (answer.status === 404 && code === 'unknown-booking' && (await this.nothingUnder(carrier, bookingKey, options)))
      return;
    throw notDone('cancel', carrier, answer);
  }

  async handOver({ carrier, bookingId }: BookingName, parcels: number, options: CallOptions): Promise<string> {
    const path = `${bookingsOf(carrier)}/${encodeURIComponent(bookingId)}/handover`;
    const answer = await this.call('POST', path, options, { parcels });
    if (answer.status < 300) return understood(answer, handedOverBody).handedOverAt;
    throw notDone('hand over', carrier, answer);
  }

  private async nothingUnder(carrier: string, key: string, options: CallOptions): Promise<boolean> {
    const answer = await this.call('GET', `${bookingsOf(carrier)}?${new URLSearchParams({ key }).toString()}`, options);
    if (answer.status < 300) return understood(answer, bookingBody).status === 'cancelled';
    return answer.status === 404 && problemIn(answer).code === 'unknown-key';
  }

  private async call(method: string, path: string, { key, signal }: CallOptions, body?: unknown): Promise<Answer> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.timeoutMs)]);
    try {
      const response = await fetch(`${this.base}${path}`, {
        method,
        signal: within,
        redirect: 'manual',
        headers: { 'content-type': 'application/json', accept: 'application/json', 'idempotency-key': key },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: parsed(await textOf(response)) };
    } catch (error) {
      // Neither the request nor the cause's details are told: they could hold an address.
      const why = within.aborted ? `no answer in ${this.timeoutMs} ms` : 'the connection failed';
      throw new Unanswered(`${method} ${path.split('?')[0]}: ${why}`, { cause: (error as Error).name });
    }
  }
}

const bookingsOf = (carrier: string): string => `/carriers/${encodeURIComponent(carrier)}/bookings`;

const textOf = async ({ body }: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER) throw new RangeError('The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const understood = <Body>({ status, body }: Answer, schema: z.ZodType<Body>): Body => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Unanswered(`answered ${status}, but not what was agreed: ${z.prettifyError(result.error)}`);
};

const problemIn = ({ body }: Answer) => problemBody.safeParse(body).data ?? {};

const unanswered = (call: string, carrier: string, { status }: Answer): Unanswered =>
  new Unanswered(`${carrier} answered ${status} to ${call}: what became of it is not known.`);

const notDone = (call: string, carrier: string, answer: Answer): Error => {
  const { status } = answer;
  if (status < 400 || status >= 500) return unanswered(call, carrier, answer);
  return new AskAgain(
    `${carrier} refuses to ${call} (${status}${withCode(codeIn(problemIn(answer).code))}); it is asked again.`,
  );
};

const withCode = (code: string | undefined): string => (code === undefined ? '' : ` ${code}`);

/** Letters with their marks, without which scripts such as Devanagari have no words, and digits. */
const LETTER = String.raw`[\p{L}\p{M}\p{N}]`;

/** What to look for of a part of an address; short words of other scripts are looked for in names alone, as words. */
const patternsOf = (value: string | null, least: number): readonly string[] =>
  (value?.normalize('NFC').match(new RegExp(`${LETTER}+`, 'gu')) ?? []).flatMap((word) => {
    if (isTelling(word)) return word;
    return word.length >= least ? `(?<!${LETTER})${word}(?!${LETTER})` : [];
  });

/** A carrier's words as our events can carry them: carriers like to repeat the address that they refuse. */
const reasonFrom = (words: string, { name, street, city, region, postalCode }: Recipient): string => {
  const personal = [
    ...patternsOf(name, 2),
    ...[street, city, region, postalCode].flatMap((value) => patternsOf(value, 3)),
  ];
  const safe = words.toWellFormed().replaceAll('\u0000', '').normalize('NFC');
  const clean = strike(safe, personal, '…').slice(0, MAX_REASON).toWellFormed().trim();
  return clean === '' ? 'no reason given' : clean;
};
