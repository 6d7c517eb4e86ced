/**
 * Offsets of a partition that were handled while an earlier one still waits for company: bit n of `bits` (the lowest of
 * the first byte is bit 0) stands for the offset `from + n`. Absolute, so that it stays true whoever moves the position.
 */
export interface Ahead {
  readonly from: bigint;
  readonly bits: Uint8Array;
}

/** Where a service stands in a partition: all below `position` is handled, and beyond it what `ahead` says. */
export interface Standing {
  readonly position: bigint;
  readonly ahead?: Ahead | undefined;
}

/** Bits are numbered by plain numbers: a partition's waiting records are thousands, not 2^53. */
const bitOf = (offset: bigint, from: bigint): number => Number(offset - from);

const isSet = (bits: Uint8Array, bit: number): boolean => bit >= 0 && (((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;

/** Whether the record at this offset is handled. */
export const isHandled = ({ position, ahead }: Standing, offset: bigint): boolean =>
  offset < position || (ahead !== undefined && isSet(ahead.bits, bitOf(offset, ahead.from)));

function* bitsSetIn({ from, bits }: Ahead, position: bigint): Generator<number> {
  const shift = bitOf(position, from);
  for (let bit = Math.max(0, shift); bit < 8 * bits.length; bit += 1) if (isSet(bits, bit)) yield bit - shift;
}

/**
 * Where it stands once more offsets are handled.
 * @param position all below it is handled, or was passed over; never less than before
 */
export const movedTo = (before: Ahead | undefined, handled: readonly bigint[], position: bigint): Standing => {
  const set = before ? [...bitsSetIn(before, position)] : [];
  for (const offset of handled) if (offset >= position) set.push(bitOf(offset, position));
  if (set.length === 0) return { position, ahead: undefined };
  const highest = set.reduce((one, other) => Math.max(one, other));
  const bits = new Uint8Array((highest >> 3) + 1);
  for (const bit of set) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  let reached = 0;
  while (isSet(bits, reached)) reached += 1;
  const at = position + BigInt(reached);
  if (reached > highest) return { position: at, ahead: undefined };
  // Whole bytes of what lies below the position are left out.
  const gone = reached >> 3;
  return { position: at, ahead: { from: position + BigInt(8 * gone), bits: bits.subarray(gone) } };
};

/** As it is stored: `from:mask`, the mask as one number in hexadecimal. */
export const aheadText = (ahead: Ahead | undefined): string | null =>
  ahead ? `${ahead.from}:${Buffer.from(ahead.bits).reverse().toString('hex')}` : null;

export const aheadOf = (text: string | null): Ahead | undefined => {
  const [from = '', mask = ''] = text?.split(':') ?? [];
  if (from === '') return undefined;
  const digits = mask.length % 2 === 0 ? mask : `0${mask}`;
  return { from: BigInt(from), bits: new Uint8Array(Buffer.from(digits, 'hex').reverse()) };
};
