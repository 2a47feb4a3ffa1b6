import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from '#core';
import { ConversationTails } from './conversation-tails.js';

const CAPACITY = 50_000;
const RANDOM_ID = 'ffffffff-0000-4000-8000-000000000001';

/** Tails of a store that has conversations up to `newest`. */
function startedAt(newest: string | null = null): ConversationTails {
  const tails = new ConversationTails();
  tails.start(newest);
  return tails;
}

describe('conversation tails', () => {
  it('know a conversation as new only when its id is beyond all that the store has', () => {
    const [older, newest, newer] = [uuidv7(), uuidv7(), uuidv7()];
    expect(new ConversationTails().knows(newer)).toBe(false);
    const tails = startedAt(newest);
    expect([older, newest, newer, RANDOM_ID].map((id) => tails.knows(id))).toEqual([false, false, true, false]);
    expect(startedAt().knows(older)).toBe(true);
    tails.learn(RANDOM_ID, 4);
    expect(tails.reservations().reserve(RANDOM_ID, 2)).toBe(5);
  });

  it('give out each number once, in the order of asking, and go on from what they have given out', () => {
    const tails = startedAt();
    const id = uuidv7();
    const [one, two] = [tails.reservations(), tails.reservations()];
    expect([one.reserve(id, 2), two.reserve(id, 1), one.reserve(id, 3)]).toEqual([0, 2, 3]);
    // Older news than what was given out.
    tails.learn(id, 0);
    one.end(true);
    two.end(true);
    expect(tails.reservations().reserve(id, 1)).toBe(6);
  });

  it('ask the store again after a write that failed, when none of the same conversation is under way', () => {
    const tails = startedAt();
    const id = uuidv7();
    const [failing, other] = [tails.reservations(), tails.reservations()];
    failing.reserve(id, 1);
    other.reserve(id, 1);
    failing.end(false);
    expect(tails.knows(id)).toBe(true);
    expect(tails.distrusted).toBe(0);
    other.end(true);
    expect(tails.knows(id)).toBe(false);
    expect(tails.distrusted).toBe(1);
  });

  it('ask again for every conversation after a deletion', () => {
    const tails = startedAt();
    const [idle, busy] = [uuidv7(), uuidv7()];
    const first = tails.reservations();
    first.reserve(idle, 1);
    first.end(true);
    const [writing, deleting] = [tails.reservations(), tails.reservations()];
    writing.reserve(busy, 1);
    deleting.deletes();
    deleting.end(true);
    expect([tails.knows(idle), tails.knows(busy)]).toEqual([false, true]);
    writing.end(true);
    expect(tails.knows(busy)).toBe(false);
    expect(tails.knows(uuidv7())).toBe(true);
  });

  it('forget what was not used for longest, never what is being written, and never take the forgotten for new', () => {
    const tails = startedAt();
    const [held, ...ids] = Array.from({ length: CAPACITY + 2 }, () => uuidv7());
    const writing = tails.reservations();
    writing.reserve(held ?? '', 3);
    for (const id of ids) {
      const reservations = tails.reservations();
      reservations.reserve(id, 1);
      reservations.end(true);
    }
    expect(ids.map((id) => tails.knows(id)).indexOf(true)).toBe(2);
    expect(tails.reservations().reserve(held ?? '', 1)).toBe(3);
    expect(tails.knows(uuidv7())).toBe(true);
  });
});
