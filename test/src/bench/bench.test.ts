import { describe, expect, it } from 'vitest';
import { bench } from './bench.js';
import { parseOptions, UsageError } from './options.js';

const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0);

describe('the bench', () => {
  it('measures the whole pipeline, audits its books and compares it with plain SQL', async () => {
    const lines: object[] = [];
    const args = '--transport local --w 4 --seconds 1 --warmup 0.2 --half --pace 5 --floor'.split(' ');
    await bench(
      parseOptions(args),
      (line) => lines.push(line),
      () => undefined,
    );
    const [machine, closedLoop, best, half, paced, floor] = lines;
    expect(lines).toHaveLength(6);
    expect(machine).toMatchObject({ figure: 'machine', fsync_p50_ms: positive });
    const figure = {
      transport: 'local',
      processes: 'one',
      sagas: positive,
      sagas_per_s: positive,
      p50_ms: positive,
      p95_ms: positive,
      p99_ms: positive,
      events_per_saga: positive,
      deliveries_per_saga: positive,
      cpu_s_per_1000: { node: positive, kafka: 0, postgres: positive },
      wal_bytes_per_saga: positive,
      commits_per_saga: positive,
      database_bytes_per_saga: expect.any(Number) as number,
      fsyncs_per_saga: expect.any(Number) as number,
      effects_left_per_saga: expect.any(Number) as number,
      peak_rss_mib: positive,
      pss_mib: expect.any(Number) as number,
    };
    expect(closedLoop).toMatchObject({ ...figure, figure: 'closed-loop', w: 4 });
    expect(best).toEqual({ ...closedLoop, figure: 'best' });
    expect(half).toMatchObject({ ...figure, figure: 'half', w: null });
    expect(paced).toMatchObject({ ...figure, figure: 'paced', w: null });
    expect(floor).toMatchObject({ floor: positive, ratio: positive, floor_batched: positive, ratio_batched: positive });
  });

  it('refuses what it does not understand', () => {
    expect(() => parseOptions(['--transport', 'pigeon'])).toThrow(UsageError);
    expect(() => parseOptions(['--w', 'many'])).toThrow(UsageError);
    expect(() => parseOptions(['--fast'])).toThrow(UsageError);
    expect(() => parseOptions(['--growth', '--half'])).toThrow('--growth measures without --half.');
  });
});
