import { describe, expect, it } from 'vitest';
import { problemWithSignature, signatureOf } from './webhook-signature.js';

const secret = 'a-secret-of-carriers';
const timestamp = '1767600000';
const nowMs = 1_767_600_000_000;
const body = Buffer.from('{"status":"delivered"}');
const signature = signatureOf(secret, timestamp, body);
const check = (change: { signature?: string; timestamp?: string; body?: Buffer } = {}, now = nowMs) =>
  problemWithSignature(secret, { signature, timestamp, body, ...change }, now);

describe('the signature of a webhook', () => {
  it('is HMAC-SHA256 over timestamp, dot and body, as carriers compute it', () => {
    expect(signature).toBe('9747d05e86b337cd1ccf7d32bed40109b46c56fc0c4c08dbf39748815b804590');
    expect(check()).toBeUndefined();
  });

  it('fits one body, one timestamp and one secret', () => {
    expect(check({ body: Buffer.from('{"status":"lost"}') })).toBe('forged');
    expect(check({ timestamp: '1767600001' })).toBe('forged');
    expect(check({ signature: signatureOf('another-secret-altogether', timestamp, body) })).toBe('forged');
  });

  it('is old after 5 minutes, in both directions', () => {
    expect(check({}, nowMs + 300_000)).toBeUndefined();
    expect(check({}, nowMs + 301_000)).toBe('stale');
    expect(check({}, nowMs - 301_000)).toBe('stale');
  });

  it.each(['', 'zz', signature.slice(1), `${signature}00`, signature.toUpperCase(), '🙂'])('is not %j', (bad) => {
    expect(['missing', 'malformed']).toContain(check({ signature: bad }));
  });

  it.each(['', 'now', '-1', '1e9', '17676000000000000'])('has no timestamp %j', (bad) => {
    expect(['missing', 'malformed']).toContain(check({ timestamp: bad }));
  });
});
