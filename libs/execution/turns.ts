import type { Alarm } from './alarm.js';
import type { Lane } from './lane.js';

/** Lanes that take turns: whoever had one goes to the end. */
type Ring = Set<Lane>;

/**
 * Whose turn it is. A lane is in a ring while it waits for something that it could have as far as its own limits go, so that nobody is looked at in
 * vain. A lane whose rate does not allow the next request rests until it does.
 */
export class Turns {
  readonly slots: Ring = new Set();
  readonly places: Ring = new Set();
  readonly retries: Ring = new Set();
  /** When they are to be looked at again. The stalled ones have places that they can't use. */
  readonly #resting = new Map<Lane, { readonly at: number; readonly stalled: boolean }>();
  #ahead = 0;

  constructor(private readonly alarm: Alarm) {}

  /** How many have a place that they can use as soon as there is a slot. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Something has changed for the lane: it is given its turns anew. */
  file(lane: Lane): void {
    const rest = this.#resting.get(lane);
    if (rest) {
      this.#resting.delete(lane);
      if (rest.stalled) this.#ahead += lane.ahead;
    }
    enter(this.slots, lane, lane.slots.length > 0 && lane.hasSlot);
    enter(this.places, lane, lane.places.length > 0 && lane.hasPlace);
    enter(this.retries, lane, lane.retries.length > 0 && lane.hasPlace);
  }

  /** Its own limits keep the lane from places. */
  rest(lane: Lane, at: number): void {
    this.places.delete(lane);
    this.retries.delete(lane);
    this.#resting.set(lane, { at, stalled: false });
    this.alarm.set(at);
  }

  /** Its own limits keep the lane from the wire: what it holds must not keep others from it. */
  stall(lane: Lane, at: number): void {
    this.rest(lane, at);
    this.slots.delete(lane);
    this.#resting.set(lane, { at, stalled: true });
    this.#ahead -= lane.ahead;
  }

  /** The lane was given a place. */
  placed(lane: Lane, tokens: number): void {
    lane.placed(tokens);
    this.#ahead += 1;
    this.#next(this.places, lane);
    this.#next(this.retries, lane);
  }

  /** What had a place in the lane has a slot now, or has left. */
  unplaced(lane: Lane, tokens: number): void {
    this.file(lane);
    lane.unplaced(tokens);
    this.#ahead -= 1;
    this.#next(this.slots, lane);
  }

  /** Gives those their turns again who have rested long enough. */
  wake(now: number): void {
    for (const [lane, { at }] of this.#resting) {
      if (at <= now) this.file(lane);
      else this.alarm.set(at);
    }
  }

  #next(ring: Ring, lane: Lane): void {
    ring.delete(lane);
    this.file(lane);
  }
}

/** A lane that is in the ring already keeps its turn. */
function enter(ring: Ring, lane: Lane, wanted: boolean): void {
  if (wanted) ring.add(lane);
  else ring.delete(lane);
}
