import { describe, expect, it } from 'vitest';
import { carrierSimulatorSettings } from './carrier-simulator/settings.js';
import { shippingConfig } from './config.js';

const accepts = (SHIPPING_CARRIER_URL: string): boolean =>
  shippingConfig.safeParse({ SHIPPING_CARRIER_URL, SHIPPING_WEBHOOK_SECRET: 'x'.repeat(16) }).success;

describe("The address of the carriers' API", () => {
  it.each(['http://127.0.0.1:3090', 'https://carriers.example/v2/', 'http://[::1]:3090/a@b'])(
    'may be %s',
    (address) => {
      expect(accepts(address)).toBe(true);
    },
  );

  it.each([
    'localhost:3090',
    'ftp://127.0.0.1/x',
    'http://user:password@127.0.0.1:3090',
    'http://127.0.0.1:3090/?key=1',
    'http://127.0.0.1:3090/#carriers',
    'carriers',
  ])('is refused at the start when no call can be made to it: %s', (address) => {
    expect(accepts(address)).toBe(false);
  });
});

describe('A pause of the carrier simulator', () => {
  const { CARRIER_DELIVERY_SECONDS: delivery, CARRIER_SLOW_MS: slow } = carrierSimulatorSettings.shape;

  it.each([
    [delivery, '2147483', '2147484'],
    [slow, '2147483647', '2147483648'],
  ])('is at most what a timer keeps: longer, it would be over at once', (setting, longest, tooLong) => {
    expect(setting.parse(longest)).toBe(Number(longest));
    expect(setting.safeParse(tooLong).success).toBe(false);
  });
});
