import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a webhook's timestamp may be from our clock, in seconds: room for clocks and slow networks, not for replays. */
const TOLERANCE_S = 300;

export type SignatureProblem = 'missing' | 'malformed' | 'stale' | 'forged';

/** Hexadecimal HMAC-SHA256 over the timestamp (seconds since 1970), a dot, and the body's bytes. */
export const signatureOf = (secret: string, timestamp: string, body: Buffer): string =>
  createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');

/**
 * What is wrong with a webhook's signature; undefined when it is right.
 * @param nowMs our clock, milliseconds since 1970
 */
export const problemWithSignature = (
  secret: string,
  signed: { readonly signature: string | undefined; readonly timestamp: string | undefined; readonly body: Buffer },
  nowMs: number,
): SignatureProblem | undefined => {
  const { signature, timestamp, body } = signed;
  if (!signature || !timestamp) return 'missing';
  if (!/^\d{1,12}$/.test(timestamp) || !/^[0-9a-f]{64}$/.test(signature)) return 'malformed';
  const expected = Buffer.from(signatureOf(secret, timestamp, body), 'hex');
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) return 'forged';
  return Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_S ? 'stale' : undefined;
};
