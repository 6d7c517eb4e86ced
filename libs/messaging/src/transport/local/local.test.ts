import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PortCable } from '../testing/cable.js';
import { Member, record, topic, unique, until } from '../testing/member.js';
import { decodeChunk, encodeChunk } from './local-chunks.js';
import { LocalDatabase } from './local-database.js';
import { removeExpired } from './local-retention.js';
import { LocalTransport } from './local-transport.js';

const url = process.env['BATON_TEST_POSTGRES'] ?? '';
const schema = `t_${randomUUID().slice(0, 8)}`;

describe('the local transport', () => {
  const client = new Client({ connectionString: url });
  const transports: LocalTransport[] = [];
  const connect = async (): Promise<LocalTransport> => {
    const transport = await LocalTransport.connect({ url, schema, heartbeatMs: 200, sessionTimeoutMs: 5_000 });
    transports.push(transport);
    return transport;
  };
  beforeAll(() => client.connect());
  afterAll(async () => {
    for (const transport of transports) await transport.close();
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  });

  it('makes its schema once, however many start at the same time', async () => {
    await Promise.all([connect(), connect(), connect(), connect()]);
    const { rows } = await client.query(`SELECT version FROM ${schema}.version`);
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('refuses a schema that a newer version has changed', async () => {
    const newer = `${schema}_newer`;
    await client.query(`CREATE SCHEMA ${newer}; CREATE TABLE ${newer}.version AS SELECT 99 AS version`);
    await expect(LocalTransport.connect({ url, schema: newer })).rejects.toThrow(/version 99.*up to 1/);
    await client.query(`DROP SCHEMA ${newer} CASCADE`);
  });

  it('refuses a password that is wrong and a name that is no schema, instead of waiting', async () => {
    await expect(LocalTransport.connect({ url, schema: 'x; DROP' })).rejects.toThrow(/no name for a schema/);
    const missing = new URL(url);
    missing.pathname = '/no_such_database';
    await expect(LocalTransport.connect({ url: missing.href })).rejects.toThrow(/no_such_database/);
  });

  it('writes one row for all records of a partition in a publish', async () => {
    const transport = await connect();
    const name = unique('rows');
    await transport.ensureTopics([topic(name, 1)]);
    await transport.publish(Array.from({ length: 500 }, (_, index) => record(name, 'key', `${index}`)));
    const { rows } = await client.query(`SELECT end_offset, count FROM ${schema}.chunks WHERE topic = $1`, [name]);
    expect(rows).toEqual([{ end_offset: '500', count: 500 }]);
  });

  it('keeps offsets without a gap when several publish to the same partitions at once', async () => {
    const writers = await Promise.all([connect(), connect(), connect()]);
    const names = [unique('c'), unique('a'), unique('b')];
    await writers[0]?.ensureTopics(names.map((name) => topic(name, 3)));
    const member = await Member.join(writers[0] ?? (await connect()), unique('group'), names);
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let round = 0; round < 30; round++) {
          // Against each other's order: whoever locked as they come would wait for one who waits for it.
          const order = (round + index) % 2 === 0 ? names : names.toReversed();
          await writer.publish(
            order.flatMap((name) => [0, 1, 2, 3, 4].map((key) => record(name, `${key}`, `${index}/${round}`))),
          );
        }
      }),
    );
    await until(() => member.records.length >= 3 * 30 * 15);
    const byPartition = Map.groupBy(member.records, (one) => `${one.topic}/${one.partition}`);
    for (const records of byPartition.values()) {
      expect(records.map(({ offset }) => Number(offset))).toEqual(records.map((_, index) => index));
    }
  });

  it('reads on from the middle of a chunk', async () => {
    const transport = await connect();
    const name = unique('middle');
    await transport.ensureTopics([topic(name, 1)]);
    await transport.publish(Array.from({ length: 10 }, (_, index) => record(name, 'key', `${index}`)));
    const member = await Member.join(transport, unique('group'), [name], {
      onAssigned: async () => [{ topic: name, partition: 0, offset: 7n }],
    });
    await until(() => member.records.length >= 3);
    expect(member.values).toEqual(['7', '8', '9']);
  });

  it('notices that it was taken for dead, and joins again', async () => {
    const transport = await connect();
    const name = unique('expelled');
    const group = unique('group');
    await transport.ensureTopics([topic(name, 2)]);
    const member = await Member.join(transport, group, [name]);
    await until(() => member.held.size === 2);
    await client.query(`DELETE FROM ${schema}.members WHERE group_id = $1`, [group]);
    await until(() => member.revocations.flat().length === 2);
    await until(() => member.assignments.length === 2 && member.held.size === 2);
  });

  it('reads a partition that it took without hearing so', async () => {
    const transport = await connect();
    const name = unique('claimed');
    await transport.ensureTopics([topic(name, 2)]);
    const query = LocalDatabase.prototype.query;
    let lost = false;
    const losing = vi.spyOn(LocalDatabase.prototype, 'query').mockImplementation(async function (
      this: LocalDatabase,
      sql,
      params,
    ) {
      const rows = await query.call(this, sql, params);
      if (lost || !/INSERT INTO \S+claims/.test(sql)) return rows;
      lost = true;
      throw new Error('Connection terminated unexpectedly');
    });
    const member = await Member.join(transport, unique('group'), [name]);
    await transport.publish(['a', 'b', 'c'].map((key) => record(name, key, key)));
    await until(() => member.records.length === 3);
    losing.mockRestore();
    expect(lost).toBe(true);
  });

  it('does not count as healthy while it has read nothing for too long, for whatever reason', async () => {
    const cable = await PortCable.to(url);
    const transport = await LocalTransport.connect({ url: cable.url, schema, stuckAfterMs: 1_500 });
    const name = unique('stuck');
    await transport.ensureTopics([topic(name, 1)]);
    const { consumer } = await Member.join(transport, unique('group'), [name]);
    expect(consumer.healthy).toBe(true);
    cable.cut();
    // Also where the clock is set back meanwhile.
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 1));
    await until(() => !consumer.healthy);
    now.mockRestore();
    cable.mend();
    await until(() => consumer.healthy);
    await transport.close();
    cable.close();
  });

  it('removes what is past its retention, and begins after it', async () => {
    const transport = await connect();
    const name = unique('old');
    await transport.ensureTopics([topic(name, 1)]);
    for (const value of ['old', 'older', 'new']) await transport.publish([record(name, 'key', value)]);
    await client.query(`UPDATE ${schema}.chunks SET written_at = 0 WHERE topic = $1 AND end_offset < 3`, [name]);
    const database = new LocalDatabase(url, schema);
    expect(await removeExpired(database)).toBe(2);
    expect(await removeExpired(database)).toBe(0);
    await database.close();
    const member = await Member.join(transport, unique('group'), [name], {
      onAssigned: async () => [{ topic: name, partition: 0, offset: 1n }],
    });
    await until(() => member.records.length >= 1);
    expect(member.records.map(({ offset, value }) => [offset, String(value)])).toEqual([[2n, 'new']]);
    expect(member.assignments).toEqual([[{ topic: name, partition: 0, first: 2n, offset: 3n, partitions: 1 }]]);
  });

  it('encodes chunks so that they come back as they were, small and large', () => {
    const small = [
      { key: undefined, headers: {}, value: undefined },
      { key: '', headers: { a: '' }, value: Buffer.alloc(0) },
    ];
    const large = Array.from({ length: 100 }, (_, index) => ({
      key: `schlüssel-${index}`,
      headers: { 'x-ünï': '🚚'.repeat(index) },
      value: Buffer.from('日本'.repeat(index)),
    }));
    for (const records of [small, large]) {
      const decoded = decodeChunk({ topic: 't', partition: 3 }, 41n, records.length, 5, encodeChunk(records));
      expect(decoded).toEqual(
        records.map((one, index) => ({ topic: 't', partition: 3, offset: 41n + BigInt(index), timestamp: 5, ...one })),
      );
    }
  });
});
