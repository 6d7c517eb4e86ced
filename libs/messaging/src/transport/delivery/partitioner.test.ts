import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './partitioner.js';

describe('the partitioner', () => {
  it("agrees with kafkajs', which agrees with Kafka's own", () => {
    const kafka = kafkajs.Partitioners.DefaultPartitioner();
    const keys = [
      '',
      'a',
      'ab',
      'abc',
      'abcd',
      'CA-2016-129714',
      'schlüssel-🔑',
      '日本語',
      ...Array.from({ length: 500 }, (_, index) => `order-${index * 7919}`),
    ];
    for (const partitions of [1, 3, 4, 12]) {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        partitionErrorCode: 0,
        leader: 1,
        replicas: [1],
        isr: [1],
      }));
      for (const key of keys) {
        const expected = kafka({ topic: 'any', partitionMetadata, message: { key, value: null } });
        expect({ key, partition: partitionOf(key, partitions) }).toEqual({ key, partition: expected });
      }
    }
  });

  it("has the values of Kafka's own test", () => {
    // org.apache.kafka.common.utils.UtilsTest.testMurmur2
    const known = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 };
    for (const [text, hash] of Object.entries(known)) expect(murmur2(Buffer.from(text))).toBe(hash);
  });
});
