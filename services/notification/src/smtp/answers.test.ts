import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal, withoutAddresses } from './answers.js';
import { messageIdOf } from './message-id.js';

describe("A mail server's answer", () => {
  it.each([
    [550, 'RCPT TO', true],
    [552, 'DATA', true],
    [553, 'MAIL FROM', true],
    [530, 'MAIL FROM', false],
    [503, 'RCPT TO', false],
    [450, 'RCPT TO', false],
    [421, 'CONN', false],
    [554, 'CONN', false],
    [535, 'AUTH PLAIN', false],
    [undefined, 'RCPT TO', false],
  ])('%s to %s is final: %s', (responseCode, command, final) => {
    expect(isRefusal({ message: 'x', command, ...(responseCode !== undefined && { responseCode }) })).toBe(final);
  });

  it('is passed on without addresses, short and on one line', () => {
    const words = withoutAddresses(
      `550 5.1.1 <zoë.o'brien@example.test>: unknown\r\nask postmaster@example.test ${'x'.repeat(900)}`,
    );
    expect(words).toMatch(/^550 5\.1\.1 <address>: unknown ask <address> x+$/);
    expect(words.length).toBe(500);
    const customer = { name: 'Zoë Gute', email: 'zg-1@example.test' };
    expect(withoutAddresses('550 zg-1... no Gute, see http://x/?to=zg-1%40example.test', customer)).not.toMatch(
      /zg-1|Gute/,
    );
    expect(withoutAddresses('550 找不到王伟', { name: '王伟', email: 'w@example.test' })).toBe('550 找不到<address>');
    const decomposed = { name: 'Zoe\u0308 Gute', email: 'z@example.test' };
    expect(withoutAddresses('550 no Zoë here', decomposed)).toBe('550 no <address> here');
    expect(withoutAddresses('')).toBe('no words');
  });
});

describe('A Message-ID', () => {
  const identifier = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}$/);
  const id = (orderId: string, domain = 'shop.example') =>
    messageIdOf({ orderId, shipment: 1, reason: 'order-delayed' }, domain);

  it('is readable, and an RFC 5322 msg-id for every order id', () => {
    expect(id('CA-2016-129714')).toBe('<CA-2016-129714.1.order-delayed@shop.example>');
    fc.assert(
      fc.property(identifier, (orderId) => {
        expect(id(orderId)).toMatch(/^<[A-Za-z0-9=~_-]+(\.[A-Za-z0-9=~_-]+)*@shop\.example>$/);
      }),
    );
    expect(id(`a${'.'.repeat(63)}`, `${'d'.repeat(60)}.example`).length).toBeLessThanOrEqual(250);
  });

  it('is another one for another mail', () => {
    fc.assert(fc.property(identifier, identifier, (a, b) => (id(a) === id(b)) === (a === b)));
  });
});
