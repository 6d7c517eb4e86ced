import { randomUUID } from 'node:crypto';
import type { TopicDeclaration } from '@baton/contracts';
import { vi } from 'vitest';
import { partitionName } from '../delivery/partition-name.js';
import type {
  AssignedPartition,
  Consumer,
  IncomingRecord,
  OutgoingRecord,
  PartitionOffset,
  Subscription,
  TopicPartition,
  Transport,
} from '../port.js';

/** A name that no other test uses. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

export const topic = (name: string, partitions = 4): TopicDeclaration => ({
  name,
  partitions,
  writer: 'test',
  keyedBy: 'order',
  retentionMs: 60 * 60 * 1000,
  doc: 'for a test',
});

export const record = (
  name: string,
  key: string,
  value: string | Buffer,
  headers: Record<string, string> = {},
): OutgoingRecord => ({ topic: name, key, headers, value: Buffer.from(value) });

/** Waits for a condition, within a deadline that only catches what hangs. */
export const until = (condition: () => boolean, deadlineMs = 40_000): Promise<unknown> =>
  vi.waitUntil(condition, { timeout: deadlineMs, interval: 10 });

/** A member of a group that remembers all that it was told. */
export class Member {
  readonly records: IncomingRecord[] = [];
  readonly assignments: (readonly AssignedPartition[])[] = [];
  readonly revocations: (readonly TopicPartition[])[] = [];
  readonly held = new Set<string>();
  consumer!: Consumer;

  static async join(
    transport: Transport,
    group: string,
    topics: readonly string[],
    overrides: Partial<Pick<Subscription, 'onAssigned' | 'onRecords' | 'patienceMs'>> = {},
  ): Promise<Member> {
    const member = new Member();
    member.consumer = await transport.subscribe({
      group,
      topics,
      patienceMs: overrides.patienceMs,
      onAssigned: async (ends) => {
        member.assignments.push(ends);
        const answer = (await overrides.onAssigned?.(ends)) ?? [];
        for (const end of ends) member.held.add(partitionName(end));
        return answer;
      },
      onRevoked: (partitions) => {
        member.revocations.push(partitions);
        for (const partition of partitions) member.held.delete(partitionName(partition));
      },
      onRecords: async (records) => {
        await overrides.onRecords?.(records);
        member.records.push(...records);
      },
    });
    return member;
  }

  get values(): readonly string[] {
    return this.records.map(({ value }) => value?.toString('utf8') ?? '(none)');
  }

  /** Where the member stands: the offset after the last record of each partition. */
  positions(): readonly PartitionOffset[] {
    const last = new Map<string, PartitionOffset>();
    for (const { topic: name, partition, offset } of this.records) {
      last.set(partitionName({ topic: name, partition }), { topic: name, partition, offset: offset + 1n });
    }
    return [...last.values()];
  }
}

/** Values by key, in order of arrival; a repetition of what came before is left out. */
export function valuesByKey(records: readonly IncomingRecord[]): ReadonlyMap<string, readonly string[]> {
  const seen = new Set<string>();
  const result = new Map<string, string[]>();
  for (const one of records) {
    const id = `${partitionName(one)}/${one.offset}`;
    if (seen.has(id)) continue;
    seen.add(id);
    const key = one.key ?? '(none)';
    result.set(key, [...(result.get(key) ?? []), one.value?.toString('utf8') ?? '(none)']);
  }
  return result;
}
