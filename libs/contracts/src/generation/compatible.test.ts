import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../define.js';
import { identifier } from '../primitives.js';
import { compatible } from './compatible.js';
import { type JsonSchema, jsonSchemaOf } from './json-schema.js';

const fields = {
  orderId: identifier,
  reason: z.enum(['late', 'lost']),
  note: z.string().min(2).max(10).optional(),
  count: z.int().min(0).max(9),
  level: z.string().default('standard'),
  tags: z.array(z.object({ name: z.string() })).max(5),
};
const event = (
  data: z.ZodType,
  route: { topic?: 'orders' | 'stock'; name?: string; version?: number } = {},
): JsonSchema =>
  jsonSchemaOf(defineEvent({ name: 'Tested', topic: 'orders', writer: 'orders', doc: 'A test.', data, ...route }));
const changed = (change: Partial<Record<keyof typeof fields | 'added', z.ZodType>>): JsonSchema =>
  event(z.object({ ...fields, ...change }));
const without = (name: keyof typeof fields): JsonSchema =>
  event(z.object(fields).omit({ [name]: true } as { note: true }));

const released = event(z.object(fields));

test('the same schema is compatible with itself', () => {
  expect(compatible(released, event(z.object(fields)))).toEqual([]);
});

const refused: readonly (readonly [string, JsonSchema, string])[] = [
  ['a field is removed', without('note'), 'note: the field was removed'],
  ['a required field is removed', without('count'), 'count: the field was removed'],
  ['a new field is required', changed({ added: z.string() }), 'added: a new field is required'],
  [
    'an optional field is required',
    changed({ note: z.string().min(2).max(10) }),
    'note: an optional field became required',
  ],
  ['a type is another', changed({ count: z.string() }), 'count: the type integer became string'],
  ['an enum loses a value', changed({ reason: z.enum(['late']) }), 'reason: "lost" is no longer allowed'],
  ['an enum becomes a constant', changed({ reason: z.literal('late') }), 'reason: "lost" is no longer allowed'],
  ['open text becomes an enum', changed({ level: z.enum(['a']).default('a') }), 'level: only "a" is allowed now'],
  ['a pattern is another', changed({ orderId: z.string().regex(/^x/) }), 'orderId: pattern was'],
  ['a pattern appears', changed({ note: z.string().min(2).max(10).regex(/^x/).optional() }), 'note: pattern was open'],
  ['a format appears', changed({ note: z.email().min(2).max(10).optional() }), 'note: format was open and is email'],
  ['a maximum falls', changed({ count: z.int().min(0).max(8) }), 'count: maximum was 9 and is 8'],
  ['a minimum rises', changed({ count: z.int().min(1).max(9) }), 'count: minimum was 0 and is 1'],
  ['text must be longer', changed({ note: z.string().min(3).max(10).optional() }), 'note: minLength was 2 and is 3'],
  ['text must be shorter', changed({ note: z.string().min(2).max(9).optional() }), 'note: maxLength was 10 and is 9'],
  [
    'a list must be shorter',
    changed({ tags: z.array(z.object({ name: z.string() })).max(4) }),
    'tags: maxItems was 5 and is 4',
  ],
  [
    'a list must not be empty',
    changed({
      tags: z
        .array(z.object({ name: z.string() }))
        .min(1)
        .max(5),
    }),
    'tags: minItems was open and is 1',
  ],
  [
    'an inner field is another',
    changed({ tags: z.array(z.object({ name: z.int() })).max(5) }),
    'tags[].name: the type string became integer',
  ],
  ['an inner field is removed', changed({ tags: z.array(z.object({})).max(5) }), 'tags[].name: the field was removed'],
  [
    'a default is another',
    changed({ level: z.string().default('fast') }),
    'level: the default was "standard" and is "fast"',
  ],
  ['a default is gone', changed({ level: z.string().optional() }), 'level: the default was "standard" and is none'],
  ['unknown fields are refused', event(z.strictObject(fields)), 'the event: additionalProperties changed'],
  ['a union appears', changed({ count: z.union([z.int(), z.null()]) }), 'count: anyOf changed'],
  ['the topic is another', event(z.object(fields), { topic: 'stock' }), "the event's topic was orders and is stock"],
  ['the key is another', event(z.object(fields), { topic: 'stock' }), "the event's key was order and is sku"],
  ['the type is another', event(z.object(fields), { version: 2 }), "the event's type was baton.orders.Tested.v1"],
];

test.for(refused)('refused: %s', ([_what, now, reason]) => {
  expect(compatible(released, now)).toContainEqual(expect.stringContaining(reason));
});

const allowed: readonly (readonly [string, JsonSchema])[] = [
  ['an optional field joins', changed({ added: z.string().optional() })],
  ['a field with a default joins', changed({ added: z.string().default('x') })],
  ['an enum gains a value', changed({ reason: z.enum(['late', 'lost', 'broken']) })],
  ['a limit widens', changed({ count: z.int().min(-1).max(10) })],
  ['an integer becomes a number', changed({ count: z.number().min(0).max(9) })],
  ['a pattern is dropped', changed({ orderId: z.string() })],
  ['a description is another', changed({ reason: fields.reason.describe('Why.') })],
];

test.for(allowed)('allowed: %s', ([_what, now]) => {
  expect(compatible(released, now)).toEqual([]);
});
