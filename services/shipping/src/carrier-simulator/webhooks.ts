import { createHmac } from 'node:crypto';

/** A report that is due to a receiver. */
export interface Report {
  /** Id of the report, the same each time it is sent. */
  readonly delivery: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Send it once more after it has arrived. */
  readonly twice: boolean;
}

const CONCURRENCY = 16;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
const TIMEOUT_MS = 10_000;
const SECOND_MS = 1_000;

/** Sends signed reports, each until it was taken (2xx), with growing pauses; a few at a time. */
export class Webhooks {
  private readonly waiting: { readonly report: Report; readonly tries: number }[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly stop = new AbortController();
  private sending = 0;
  private unfinished = 0;

  constructor(
    private readonly url: string,
    private readonly secret: string,
    private readonly taken: (report: Report) => void,
  ) {}

  /** Reports that were asked for and not taken yet. */
  get open(): number {
    return this.unfinished;
  }

  /** Sends a report after a pause, in milliseconds. */
  sendIn(pauseMs: number, report: Report): void {
    this.unfinished += 1;
    this.later(pauseMs, report, 0);
  }

  close(): void {
    this.stop.abort();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.waiting.length = 0;
  }

  private later(pauseMs: number, report: Report, tries: number): void {
    if (this.stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.waiting.push({ report, tries });
      this.pump();
    }, pauseMs);
    this.timers.add(timer);
  }

  private pump(): void {
    while (this.sending < CONCURRENCY && !this.stop.signal.aborted) {
      const next = this.waiting.shift();
      if (!next) return;
      this.sending += 1;
      void this.send(next.report, next.tries).finally(() => {
        this.sending -= 1;
        this.pump();
      });
    }
  }

  private async send(report: Report, tries: number): Promise<void> {
    if (!(await this.post(report))) {
      if (this.stop.signal.aborted) return;
      this.later(Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS), report, tries + 1);
      return;
    }
    if (report.twice) await this.post(report);
    this.unfinished -= 1;
    if (!this.stop.signal.aborted) this.taken(report);
  }

  private async post({ delivery, body }: Report): Promise<boolean> {
    const raw = JSON.stringify(body);
    const timestamp = String(Math.floor(Date.now() / SECOND_MS));
    const signature = createHmac('sha256', this.secret).update(`${timestamp}.${raw}`).digest('hex');
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        signal: AbortSignal.any([this.stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          'content-type': 'application/json',
          'x-carrier-signature': signature,
          'x-carrier-timestamp': timestamp,
          'x-carrier-delivery': delivery,
        },
        body: raw,
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }
}
