import { metrics } from '@opentelemetry/api';
import { type InstrumentDeclaration, instrumentOptions } from '../telemetry/instruments.js';

const service = 'name of the service';

/** Every instrument of the housekeeper. */
export const retentionInstruments = {
  archived: {
    name: 'baton.retention.archived',
    kind: 'counter',
    description: 'Rows that had ended and were moved into the archive.',
    unit: '{row}',
    attributes: { service, table: 'the table that they left' },
  },
  dropped: {
    name: 'baton.retention.dropped',
    kind: 'counter',
    description: 'Partitions that were dropped because everything in them was older than the retention.',
    unit: '{partition}',
    attributes: { service, table: 'the table that they were part of' },
  },
  overdue: {
    name: 'baton.retention.overdue',
    kind: 'gauge',
    description:
      'For how long the longest overdue row could have been archived, as found by the last whole walk, or for how long there was none.',
    unit: 's',
    attributes: { service },
  },
} as const satisfies Record<string, InstrumentDeclaration>;

/** How far behind the housekeeper is. */
export class ArchiveProgress {
  private overdue = 0;
  private walkedAt = performance.now();

  /**
   * A walk has ended.
   * @param overdue of the longest overdue row that it found, seconds; absent when another process was found at it
   */
  walked(overdue = this.overdue): void {
    this.overdue = overdue;
    this.walkedAt = performance.now();
  }

  /** Seconds. */
  get behind(): number {
    return Math.max(this.overdue, (performance.now() - this.walkedAt) / 1_000);
  }
}

const meter = metrics.getMeter('@baton/messaging');

export const retentionMetrics = {
  archived: meter.createCounter(retentionInstruments.archived.name, instrumentOptions(retentionInstruments.archived)),
  dropped: meter.createCounter(retentionInstruments.dropped.name, instrumentOptions(retentionInstruments.dropped)),
};

/** Registers the gauge of one service; returns how to take it away again. */
export const observeRetention = (name: string, progress: ArchiveProgress): (() => void) => {
  const { overdue } = retentionInstruments;
  const gauge = meter.createObservableGauge(overdue.name, instrumentOptions(overdue));
  const observe: Parameters<typeof gauge.addCallback>[0] = (result) => {
    result.observe(progress.behind, { service: name });
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
};
