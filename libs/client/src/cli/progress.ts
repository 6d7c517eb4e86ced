import type { Output } from './io.js';

/** How often a terminal's line is drawn anew, ms. */
const TERMINAL_MS = 100;
/** How often a log gets a line, ms. */
const LOG_MS = 2_000;

/** Counts on stderr: one line that changes on a terminal, a line now and then elsewhere. */
export class Progress {
  private done = 0;
  private last = performance.now();

  constructor(
    private readonly output: Output,
    private readonly total: number,
  ) {}

  add(count: number): void {
    this.done += count;
    const now = performance.now();
    if (now - this.last < (this.output.isTTY ? TERMINAL_MS : LOG_MS)) return;
    this.last = now;
    const text = `${this.done} of ${this.total}`;
    this.output.write(this.output.isTTY ? `\r${text}` : `${text}\n`);
  }

  /** Leaves the terminal's line empty for what comes next. */
  end(): void {
    if (this.output.isTTY) this.output.write('\r\u001b[K');
  }
}
