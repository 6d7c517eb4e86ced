/**
 * Offsets of a partition that were handled while an earlier one still waits for company: bit n of `mask` stands for the
 * offset `from + n`. Absolute, so that it stays true whoever moves the position.
 */
export interface Ahead {
  readonly from: bigint;
  readonly mask: bigint;
}

/** Where a service stands in a partition: all below `position` is handled, and beyond it what `ahead` says. */
export interface Standing {
  readonly position: bigint;
  readonly ahead?: Ahead | undefined;
}

export const isHandled = ({ position, ahead }: Standing, offset: bigint): boolean =>
  offset < position ||
  (ahead !== undefined && offset >= ahead.from && ((ahead.mask >> (offset - ahead.from)) & 1n) === 1n);

/**
 * Where it stands once more offsets are handled.
 * @param position all below it is handled, or was passed over; never less than before
 */
export const movedTo = (before: Ahead | undefined, handled: readonly bigint[], position: bigint): Standing => {
  let mask = before ? before.mask >> (position - before.from) : 0n;
  for (const offset of handled) if (offset >= position) mask |= 1n << (offset - position);
  let at = position;
  for (; (mask & 1n) === 1n; at += 1n) mask >>= 1n;
  return { position: at, ahead: mask === 0n ? undefined : { from: at, mask } };
};

/** As it is stored: `from:mask`, the mask in hexadecimal. */
export const aheadText = (ahead: Ahead | undefined): string | null =>
  ahead ? `${ahead.from}:${ahead.mask.toString(16)}` : null;

export const aheadOf = (text: string | null): Ahead | undefined => {
  const [from = '', mask = ''] = text?.split(':') ?? [];
  return from === '' ? undefined : { from: BigInt(from), mask: BigInt(`0x${mask}`) };
};
