import type { ServiceLevel } from '@baton/contracts';

/**
 * The carriers in the order in which one order asks them: a rotation that follows from order and service level alone, so
 * that orders spread evenly and a second run chooses alike.
 */
export const carriersFor = (
  orderId: string,
  serviceLevel: ServiceLevel,
  carriers: readonly string[],
): readonly string[] => {
  const start = fnv1a(`${orderId}/${serviceLevel}`) % carriers.length;
  return [...carriers.slice(start), ...carriers.slice(0, start)];
};

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, 32 bits, with the last mixing step of Murmur3: the plain sum spreads badly over small remainders. */
const fnv1a = (text: string): number => {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
