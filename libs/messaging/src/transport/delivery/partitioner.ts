const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * The murmur2 hash of Kafka's own clients, as a signed 32-bit integer. Source:
 * org.apache.kafka.common.utils.Utils.murmur2.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  let hash = SEED ^ length;
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) {
    let k = byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> R;
    k = Math.imul(k, M);
    hash = Math.imul(hash, M) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= byte(data, words + 2) << 16;
  if (rest >= 2) hash ^= byte(data, words + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(data, words), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, 0 to `partitions` − 1: the same in every adapter and in Kafka's own clients. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions;
}

const byte = (data: Uint8Array, index: number): number => data[index] ?? 0;
