import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from './views.js';
import { BatonError, BatonUnreachable, type Problem } from './errors.js';

/** Whom a client speaks to, and how patiently. */
export interface HttpOptions {
  /** Origin of the gateway, with a path prefix if there is one. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  /** How long one request may take; 30 s when absent. */
  readonly timeoutMs?: number;
  /**
   * How often a request that may be repeated is made again while nobody answers or a service is away (502, 503, 504,
   * 429); 3 when absent.
   */
  readonly retries?: number;
  /** Pause before the first repetition, doubled each time; 200 ms when absent. */
  readonly retryDelayMs?: number;
}

/** One request; it is repeated only where that can do no harm. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Parts of the path, as they are: they are escaped here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Makes a repetition of a POST safe: the second gets the first one's answer. See `isIdempotencyKey`. */
  readonly idempotencyKey?: string;
  /** A repetition is safe without a key: it sets what it says. */
  readonly repeatable?: boolean;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const RETRY_DELAY_MS = 200;
const AWAY = new Set([429, 502, 503, 504]);

/** True for what may stand in the header: visible ASCII, so that it means the same everywhere. */
export const isIdempotencyKey = (text: string): boolean => /^[\x21-\x7e]{1,255}$/.test(text);

/** JSON over HTTP with problem+json errors, and repetition where it can do no harm. */
export class Http {
  private readonly base: URL;

  constructor(private readonly options: HttpOptions) {
    if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol)) {
      throw new RangeError(`${JSON.stringify(options.url)} is no http(s) address, such as http://127.0.0.1:7070.`);
    }
    const { username, password } = new URL(options.url);
    if (username || password) throw new RangeError('The address must have no user or password in it.');
    this.base = new URL(options.url.replace(/\/*$/, '/'));
  }

  /**
   * @throws BatonError for an answer that is an error
   * @throws BatonUnreachable when there was no answer
   * @throws RangeError for a part of the path that can be none (an id that is empty, or a dot or two), or such a key
   */
  async send<Answer>(request: HttpRequest): Promise<Answer> {
    const { retries = RETRIES, retryDelayMs = RETRY_DELAY_MS } = this.options;
    const repeatable = request.method === 'GET' || request.repeatable === true || request.idempotencyKey !== undefined;
    for (let tried = 0; ; tried++) {
      try {
        return await this.once<Answer>(request);
      } catch (error) {
        const away = error instanceof BatonUnreachable || (error instanceof BatonError && AWAY.has(error.status));
        if (!away || !repeatable || tried >= retries) throw error;
        await pause(retryDelayMs * 2 ** tried);
      }
    }
  }

  /** One page of a list; services name the list by what it lists. */
  async page<Item>(path: HttpRequest['path'], query: HttpRequest['query'] = {}): Promise<Page<Item>> {
    const { next, ...rest } = await this.send<{ readonly next?: string | null }>({ method: 'GET', path, query });
    const items = Object.values<unknown>(rest).find(Array.isArray) as readonly Item[] | undefined;
    return { items: items ?? [], next: next ?? null };
  }

  private async once<Answer>({ method, path, query = {}, body, idempotencyKey }: HttpRequest): Promise<Answer> {
    const url = new URL(path.map(escaped).join('/'), this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
      throw new RangeError('An Idempotency-Key is 1 to 255 visible ASCII characters.');
    }
    const { response, text } = await this.exchange(url, {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const parsed = parse(text);
    if (!response.ok) throw new BatonError(response.status, problemIn(parsed, response.statusText));
    if (parsed === undefined && text !== '') {
      throw new BatonError(response.status, {
        detail: `${url.origin} answered, but not with JSON; is it Baton's gateway?`,
      });
    }
    return parsed as Answer;
  }

  /** The answer with its body; the time limit holds for both. */
  private async exchange(url: URL, init: RequestInit): Promise<{ readonly response: Response; readonly text: string }> {
    const { fetch: send = fetch, timeoutMs = TIMEOUT_MS } = this.options;
    try {
      const response = await send(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      return { response, text: await response.text() };
    } catch (cause) {
      throw new BatonUnreachable(this.base.origin, { cause });
    }
  }
}

/** Escaped or not, a dot or two would lead to another path, and so would nothing. */
const escaped = (part: string): string => {
  if (/^\.{0,2}$/.test(part)) throw new RangeError(`${JSON.stringify(part)} is no id.`);
  return encodeURIComponent(part);
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const problemIn = (body: unknown, statusText: string): Problem =>
  typeof body === 'object' && body !== null ? (body as Problem) : { title: statusText || 'an error without a reason' };
