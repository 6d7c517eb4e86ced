import { OrderCancellationRequested } from '@baton/contracts';
import { expect, it, vi } from 'vitest';
import { written } from '../transport/delivery/hand-over.js';
import { encode } from '../wire/cloud-events.js';
import { type HeldInput, look, type RecordInput } from './inputs.js';

const heard = () => true;
const outgoing = encode(OrderCancellationRequested({ orderId: 'o-1', wish: 1 }, 1), '2026-01-01T00:00:00.000Z', {});
const handedOver = (isChecked?: boolean) => {
  const sent = { ...outgoing, ...(isChecked !== undefined && { isChecked }) };
  const [record] = written({ topic: outgoing.topic, partition: 0, base: 7n, writtenAt: 0, records: [sent] });
  if (!record) throw new Error('one record was written');
  return record;
};

it('reads a record that was handed over once, for all services of the process', () => {
  const record = handedOver();
  const inputs: RecordInput[] = [
    { kind: 'record', record },
    { kind: 'record', record },
  ];
  for (const input of inputs) look(input, heard);
  expect(inputs[0]?.message).toMatchObject({ name: 'OrderCancellationRequested', key: 'o-1' });
  expect(inputs[1]?.message).toBe(inputs[0]?.message);
});

it('leaves what one service does not react to for the others to read', () => {
  const record = handedOver();
  const deaf: HeldInput = {
    kind: 'held',
    heldId: '1',
    state: 'retrying',
    tries: 1,
    content: { kind: 'record', record },
  };
  look(deaf, () => false);
  expect(deaf.decoded?.kind).toBe('unheard');
  const input: RecordInput = { kind: 'record', record };
  look(input, heard);
  expect(input.message?.key).toBe('o-1');
});

it('holds against its contract what this process has not held against it before', () => {
  const check = vi.spyOn(OrderCancellationRequested.schema, 'safeParse');
  const inputs = [handedOver(true), handedOver()].map((record): RecordInput => ({ kind: 'record', record }));
  for (const input of inputs) look(input, heard);
  expect(check).toHaveBeenCalledTimes(1);
  expect(inputs[0]?.message).toEqual(inputs[1]?.message);
});
