import colors from 'picocolors';
import type { Progress } from './books.js';

/** Where nothing can be written over, a line is written no more often than this. */
const PAUSE_MS = 5_000;

/** What of a stream is written to. */
interface Out {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line on how far orders are: written over on a terminal, elsewhere written again when it has changed. */
export class Board {
  private line = '';
  private isShown = true;
  private shownAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly out: Out = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** To be called again and again, also when nothing has changed: what came too soon to be written is written then. */
  show(progress: Progress, total: number): void {
    const counts = Object.entries(progress).map(([name, count]) => `${colors.bold(String(count))} ${name}`);
    const line = `  ${counts.join(colors.dim(' · '))} ${colors.dim(`of ${total}`)}`;
    if (line !== this.line) this.isShown = false;
    this.line = line;
    if (this.isShown) return;
    if (this.out.isTTY) this.out.write(`\r\u001B[2K${line}`);
    else if (this.now() - this.shownAt >= PAUSE_MS) this.out.write(`${line}\n`);
    else return;
    this.isShown = true;
    this.shownAt = this.now();
  }

  /** Leaves the last line standing. */
  end(): void {
    if (this.out.isTTY) this.out.write('\n');
    else if (!this.isShown) this.out.write(`${this.line}\n`);
    this.isShown = true;
  }
}
