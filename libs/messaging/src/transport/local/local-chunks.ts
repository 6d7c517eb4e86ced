import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { IncomingRecord, TopicPartition } from '../port.js';

/**
 * The records of one chunk as bytes: a leading format byte, then each record as key, headers, value. All lengths are
 * unsigned 32-bit big-endian; key and value are preceded by their length + 1, where 0 says that there is none.
 */
export interface ChunkRecord {
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | undefined;
}

const PLAIN = 0;
const ZSTD = 1;
/** Below this compression saves less than a row's own overhead. */
const COMPRESS_FROM_BYTES = 512;

export function encodeChunk(records: readonly ChunkRecord[]): Buffer {
  let size = 0;
  for (const { key, headers, value } of records) {
    size += 12 + (key === undefined ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0);
    for (const name of Object.keys(headers)) {
      size += 8 + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
    }
  }
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  const text = (value: string): void => {
    const length = body.write(value, at + 4, 'utf8');
    body.writeUInt32BE(length, at);
    at += 4 + length;
  };
  for (const { key, headers, value } of records) {
    if (key === undefined) at = body.writeUInt32BE(0, at);
    else {
      const length = body.write(key, at + 4, 'utf8');
      body.writeUInt32BE(length + 1, at);
      at += 4 + length;
    }
    const names = Object.keys(headers);
    at = body.writeUInt32BE(names.length, at);
    for (const name of names) {
      text(name);
      text(headers[name] ?? '');
    }
    at = body.writeUInt32BE(value === undefined ? 0 : value.length + 1, at);
    if (value !== undefined) at += value.copy(body, at);
  }
  return size < COMPRESS_FROM_BYTES
    ? Buffer.concat([Buffer.of(PLAIN), body])
    : Buffer.concat([Buffer.of(ZSTD), zstdCompressSync(body)]);
}

/** @param first the offset of the chunk's first record */
export function decodeChunk(
  { topic, partition }: TopicPartition,
  first: bigint,
  count: number,
  timestamp: number,
  payload: Buffer,
): readonly IncomingRecord[] {
  const format = payload[0];
  if (format !== PLAIN && format !== ZSTD) throw new Error(`chunk ${topic}/${partition}/${first} has no known format`);
  const body = format === ZSTD ? zstdDecompressSync(payload.subarray(1)) : payload.subarray(1);
  let at = 0;
  const length = (): number => {
    const value = body.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = (size: number): string => body.toString('utf8', at, (at += size));
  const records: IncomingRecord[] = [];
  for (let index = 0; index < count; index++) {
    const keyLength = length();
    const key = keyLength === 0 ? undefined : text(keyLength - 1);
    const headers: Record<string, string> = {};
    for (let left = length(); left > 0; left--) {
      const name = text(length()).toLowerCase();
      const value = text(length());
      // As with Kafka: this name would replace the object's prototype.
      if (name !== '__proto__') headers[name] = value;
    }
    const valueLength = length();
    const value = valueLength === 0 ? undefined : body.subarray(at, (at += valueLength - 1));
    records.push({ topic, partition, offset: first + BigInt(index), timestamp, key, headers, value });
  }
  return records;
}
