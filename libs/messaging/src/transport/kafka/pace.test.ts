import { expect, it } from 'vitest';
import { Pace } from './pace.js';

it('leaves the waiting to the broker while nothing comes', () => {
  const pace = new Pace();
  expect(pace.next('1', 0)).toEqual({ pauseMs: 0 });
  pace.fetched('a', 2);
  expect(pace.next('1', 1)).toEqual({ pauseMs: 0 });
});

it('takes a breath after a fetch that is one of many', () => {
  const pace = new Pace();
  pace.next('1', 0);
  pace.fetched('a', 1);
  pace.fetched('b', 2);
  expect(pace.next('1', 1)).toEqual({ pauseMs: 12 });
  expect(pace.next('1', 2)).toEqual({ pauseMs: 0 });
});

it('looks ever more rarely into topics that this process writes to, and listens to the others meanwhile', () => {
  const pace = new Pace();
  const own = new Set(['own']);
  let now = 0;
  const pauses: number[] = [];
  for (let look = 0; look < 6; look += 1) {
    pace.writes(own, now);
    expect(pace.next('1', now)).toEqual({ pauseMs: 0, waitMs: 1 });
    const { waitMs = 0, without } = pace.next('1', now);
    expect(without).toEqual(own);
    pauses.push(waitMs);
    // What comes of other topics meanwhile changes nothing.
    pace.fetched('other', 1);
    expect(pace.next('1', now + 1)).toEqual({ pauseMs: 0, waitMs: waitMs - 1, without: own });
    now += waitMs;
  }
  expect(pauses).toEqual([12, 24, 48, 96, 100, 100]);
});

it('looks more often again when others write to such a topic', () => {
  const pace = new Pace();
  for (const now of [0, 12, 36, 84, 180]) {
    pace.writes(['own'], now);
    expect(pace.next('1', now)).toEqual({ pauseMs: 0, waitMs: 1 });
  }
  pace.fetched('own', 1);
  pace.writes(['own'], 280);
  expect(pace.next('1', 280)).toEqual({ pauseMs: 0, waitMs: 1 });
  expect(pace.next('1', 280)).toMatchObject({ waitMs: 12 });
});

it('does not take what it has written itself for that of others, whoever is the first to know where it is', () => {
  const pace = new Pace();
  const listening: (number | undefined)[] = [];
  for (const now of [0, 12, 36, 84]) {
    pace.writes(['own'], now);
    pace.next('1', now);
    pace.fetched('own', 2);
    pace.fetchedOwn(2);
    listening.push(pace.next('1', now).waitMs);
  }
  expect(listening).toEqual([12, 24, 48, 96]);
});

it('takes a breath while it listens, too, and no longer than until the next look', () => {
  const pace = new Pace();
  pace.writes(['own'], 0);
  for (const now of [0, 12]) pace.next('1', now);
  pace.fetched('other', 3);
  expect(pace.next('1', 20)).toMatchObject({ pauseMs: 12, waitMs: 4 });
  pace.fetched('other', 3);
  expect(pace.next('1', 30)).toEqual({ pauseMs: 12, waitMs: 1 });
});

it('forgets that it wrote to a topic', () => {
  const pace = new Pace();
  pace.writes(['own'], 0);
  expect(pace.next('1', 1_000).waitMs).toBe(1);
  expect(pace.next('1', 1_001)).toEqual({ pauseMs: 0 });
});

it('keeps the brokers apart', () => {
  const pace = new Pace();
  pace.next('1', 0);
  pace.next('2', 0);
  pace.fetched('a', 3);
  expect([pace.next('1', 1), pace.next('2', 1), pace.next('1', 1)].map(({ pauseMs }) => pauseMs)).toEqual([12, 12, 0]);
});
