import type { InstrumentDeclaration } from '@baton/messaging';
import type { ServiceMetrics } from '@baton/service-kit';

const state = '`open`, `claimed`, `picking`, `short` or `stopping`';
/** Lists on which somebody may still have to work; the others are done. */
const WORKED = ['open', 'claimed', 'picking', 'short', 'stopping'];

const warehouseInstruments = {
  lists: {
    name: 'baton.pick_lists.waiting',
    kind: 'gauge',
    description: 'Pick lists that are not done, by state.',
    unit: '{list}',
    attributes: { state },
  },
  oldest: {
    name: 'baton.pick_lists.oldest',
    kind: 'gauge',
    description: 'How long ago the oldest pick list in a state came.',
    unit: 's',
    attributes: { state },
  },
  workers: {
    name: 'baton.pick_lists.workers',
    kind: 'gauge',
    description: 'People who hold a pick list now.',
    unit: '{person}',
    attributes: {},
  },
} as const satisfies Record<string, InstrumentDeclaration>;

const { lists, oldest, workers } = warehouseInstruments;

export const warehouseMetrics: ServiceMetrics = {
  declared: warehouseInstruments,
  // The index of lists to work on holds these alone.
  read: async (ask) => {
    const [rows, [busy]] = await Promise.all([
      ask(
        `select state, count(*)::int as lists, extract(epoch from now() - min(created_at))::float8 as age
         from pick_lists where state in ('open', 'claimed', 'picking', 'short', 'stopping') group by state`,
      ),
      ask(`select count(distinct worker)::int as workers from pick_lists where state in ('claimed', 'picking')`),
    ]);
    const found = new Map(rows.map((row) => [String(row['state']), row] as const));
    return [
      ...WORKED.flatMap((name) => [
        { of: lists, value: Number(found.get(name)?.['lists'] ?? 0), attributes: { state: name } },
        { of: oldest, value: Math.max(0, Number(found.get(name)?.['age'] ?? 0)), attributes: { state: name } },
      ]),
      { of: workers, value: Number(busy?.['workers']) },
    ];
  },
};
