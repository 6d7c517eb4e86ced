import type { InstrumentDeclaration } from '@baton/messaging';
import type { Ask, Measurement, ServiceMetrics } from '@baton/service-kit';
import { AUDIT } from './store/reads.js';

const inventoryInstruments = {
  waiting: {
    name: 'baton.backorders.waiting',
    kind: 'gauge',
    description: 'Shipments that wait for stock.',
    unit: '{shipment}',
    attributes: {},
  },
  oldest: {
    name: 'baton.backorders.oldest',
    kind: 'gauge',
    description: 'How long the oldest of them has waited.',
    unit: 's',
    attributes: {},
  },
  drift: {
    name: 'baton.stock.drift',
    kind: 'gauge',
    description:
      'Levels and queues where the book says something else than the reservations: always 0, or there is a bug.',
    unit: '{level}',
    attributes: {},
  },
} as const satisfies Record<string, InstrumentDeclaration>;

const { waiting, oldest, drift } = inventoryInstruments;

const AUDIT_EVERY_MS = 60_000;
/** An audit reads every reservation; it may take this share of the time. */
const AUDIT_SHARE = 0.02;

interface Audit {
  readonly drift: number;
  /** By the process' clock, which never goes back. */
  readonly nextAt: number;
}

/** The last audit of each database. */
const audits = new WeakMap<Ask, Audit>();

const audited = async (ask: Ask): Promise<number> => {
  const last = audits.get(ask);
  const begun = performance.now();
  if (last && begun < last.nextAt) return last.drift;
  const [first] = await ask(AUDIT);
  const found = Number(first?.['total'] ?? 0);
  const took = performance.now() - begun;
  audits.set(ask, { drift: found, nextAt: begun + Math.max(AUDIT_EVERY_MS, took / AUDIT_SHARE) });
  return found;
};

const queue = async (ask: Ask): Promise<readonly Measurement[]> => {
  const [row] = await ask(
    `select count(*)::int as waiting, coalesce(extract(epoch from now() - min(placed_at)), 0)::float8 as age
     from reservation where state = 'waiting'`,
  );
  return [
    { of: waiting, value: Number(row?.['waiting']) },
    { of: oldest, value: Math.max(0, Number(row?.['age'])) },
  ];
};

export const inventoryMetrics: ServiceMetrics = {
  declared: inventoryInstruments,
  read: async (ask) => [...(await queue(ask)), { of: drift, value: await audited(ask) }],
};
