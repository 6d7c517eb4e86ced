import type { OutgoingRecord } from '../port.js';

interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One request at a time, in the order of the calls, so that records of one key never overtake each other; what waits
 * meanwhile goes out together in the next request.
 */
export class PublishQueue {
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;

  /**
   * @param write writes records in order; rejects if any may not have been written
   * @param refused tells an error that the records themselves caused, so that those that waited beside them are not
   *   rejected with them
   * @param maxBytes calls are merged up to this many bytes
   */
  constructor(
    private readonly write: (records: readonly OutgoingRecord[]) => Promise<void>,
    private readonly refused: (error: unknown) => boolean,
    private readonly maxBytes = 4 * 1024 * 1024,
  ) {}

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ records, bytes: records.reduce((sum, record) => sum + sizeOf(record), 0), resolve, reject });
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Resolves once nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Calls of the same turn of the event loop go out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.write(batch.length === 1 ? (batch[0]?.records ?? []) : batch.flatMap(({ records }) => records));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        if (batch.length > 1 && this.refused(error)) await this.#oneByOne(batch);
        else for (const { reject } of batch) reject(error);
      }
    }
    this.#draining = undefined;
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > this.maxBytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #oneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const { records, resolve, reject } of batch) {
      await this.write(records).then(resolve, reject);
    }
  }
}

/** About how many bytes a record takes on the wire. */
export function sizeOf(record: OutgoingRecord): number {
  let bytes = 64 + record.value.length + Buffer.byteLength(record.key);
  for (const name in record.headers) bytes += 8 + name.length + Buffer.byteLength(record.headers[name] ?? '');
  return bytes;
}
