/** What happens to an instance: it is created, reused any number of times, and then comes to one end: evicted, expired or ended. */
export type PoolEventKind = 'created' | 'reused' | PoolEnd | 'disposal-failed';

/** `evicted`: for another one. `expired`: nobody used it for too long. `ended`: somebody said so, or the pool was closed. */
export type PoolEnd = 'evicted' | 'expired' | 'ended';

/** Something that happened in a pool. An end is told when it comes: of an instance in use, when it was given back. */
export interface PoolEvent {
  readonly kind: PoolEventKind;
  readonly owner: string;
  readonly name: string;
  /** A UUID, for following one instance through a log. */
  readonly instanceId: string;
  /** Of `disposal-failed`: what was thrown. */
  readonly error?: unknown;
}
