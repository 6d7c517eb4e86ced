import { counterOf, histogramOf } from '@baton/service-kit';
import { Injectable } from '@nestjs/common';
import { sagaPlans } from '../definitions/index.js';
import { middleOf } from './histogram.js';
import { coordinatorInstruments as instruments } from './metrics.js';
import { ofSumKey, type Sums } from './rollup-store.js';
import type { Tally } from './tally.js';

/** What is older belongs to a first or a repeated count of everything, and would be a spike of today. */
const OLDEST_MS = 24 * 3_600_000;

/** Turns what the rollup has newly counted into counters and histograms: each fact once, by the process that counted it. */
@Injectable()
export class SagaMeters {
  private readonly started = counterOf(instruments.started);
  private readonly ended = counterOf(instruments.ended);
  private readonly troubled = counterOf(instruments.troubled);
  private readonly causes = counterOf(instruments.causes);
  private readonly stepsDone = counterOf(instruments.stepsDone);
  private readonly dispatches = counterOf(instruments.dispatches);
  private readonly cycleTime = histogramOf(instruments.cycleTime);
  private readonly untilPivot = histogramOf(instruments.untilPivot);
  private readonly stepTime = histogramOf(instruments.stepTime);

  constructor() {
    // A rate needs a 0 before the first of them.
    for (const { name: definition, steps } of sagaPlans) {
      this.started.add(0, { definition });
      for (const outcome of ['completed', 'cancelled']) this.ended.add(0, { definition, outcome });
      this.troubled.add(0, { definition });
      for (const { name: step } of steps) this.stepsDone.add(0, { definition, step });
    }
  }

  record(sums: Sums, now: Date): void {
    for (const [key, tally] of sums) {
      const [definition, hour] = ofSumKey(key);
      if (now.getTime() - Date.parse(hour) < OLDEST_MS) this.recordTally(definition, tally);
    }
  }

  private recordTally(definition: string, { counts, times }: Tally): void {
    for (const [name, count] of Object.entries(counts)) {
      // A counter cannot take back; a correction shows in the KPIs alone.
      if (count > 0) this.count(definition, name, count);
    }
    for (const [name, histogram] of Object.entries(times)) {
      for (const [bucket, count] of Object.entries(histogram)) {
        for (let n = 0; n < count; n += 1) this.time(definition, name, middleOf(Number(bucket)));
      }
    }
  }

  private count(definition: string, name: string, count: number): void {
    const [kind = '', first = '', ...rest] = name.split('/');
    switch (kind) {
      case 'placed':
        return this.started.add(count, { definition });
      case 'completed':
      case 'cancelled':
        return this.ended.add(count, { definition, outcome: kind });
      case 'troubled':
        return this.troubled.add(count, { definition });
      case 'cause':
        return this.causes.add(count, { definition, kind: first, cause: rest.join('/') });
      case 'done':
        return this.stepsDone.add(count, { definition, step: first });
      case 'carrier':
        return this.dispatches.add(count, { definition, carrier: first });
    }
  }

  private time(definition: string, name: string, seconds: number): void {
    if (name === 'cycle') this.cycleTime.record(seconds, { definition });
    else if (name === 'until-pivot') this.untilPivot.record(seconds, { definition });
    else this.stepTime.record(seconds, { definition, step: name.slice('step/'.length) });
  }
}
