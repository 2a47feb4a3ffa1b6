import { Injectable, Logger } from '@nestjs/common';

/** What can make a person see a memory that is not theirs, or none at all. */
export const SWITCH_KINDS = [
  'missing',
  'foreign',
  'deleted',
  'replaced',
  'overwritten',
  'shrunk',
  'second-file',
  'stray-file',
  'salt',
  'identity',
] as const;
export type SwitchKind = (typeof SWITCH_KINDS)[number];

/** Something that was seen. What is the same thing is told by kind, store and file. */
export interface SwitchFinding {
  readonly kind: SwitchKind;
  readonly storeId: string | null;
  readonly userId: string | null;
  /** A file name in the memory directory. */
  readonly file: string | null;
  /** A sentence for the operator: what it is, and what to do. */
  readonly reason: string;
}

/** A finding whose cause is not gone yet. */
export interface Switch extends SwitchFinding {
  readonly since: Date;
  /** How often it was seen, refused requests included. */
  readonly times: number;
}

export interface SwitchListener {
  /** Once for each, however often it is seen. */
  began(found: Switch): void;
  ended(found: Switch): void;
}

/** The switches that there are. Whoever sees one reports it here, whoever refuses for one reports it again, and it is one until its cause is gone. */
@Injectable()
export class Switches {
  readonly #log = new Logger(Switches.name);
  readonly #current = new Map<string, Switch>();
  readonly #counts = new Map<SwitchKind, number>(SWITCH_KINDS.map((kind) => [kind, 0]));
  readonly #listeners = new Set<SwitchListener>();

  report(finding: SwitchFinding): void {
    const key = keyOf(finding);
    const known = this.#current.get(key);
    const found = { ...finding, since: known?.since ?? new Date(), times: (known?.times ?? 0) + 1 };
    this.#current.set(key, found);
    if (known) return;
    this.#counts.set(finding.kind, (this.#counts.get(finding.kind) ?? 0) + 1);
    this.#log.error({ ...finding, reason: undefined }, `switch refused: ${finding.reason}`);
    for (const listener of this.#listeners) listener.began(found);
  }

  /** Ends those whose cause is gone. */
  settle(gone: (found: Switch) => boolean): void {
    for (const [key, found] of this.#current) {
      if (!gone(found)) continue;
      this.#current.delete(key);
      this.#log.log({ ...found, reason: undefined }, 'a switch is over');
      for (const listener of this.#listeners) listener.ended(found);
    }
  }

  /** The oldest first. */
  current(): readonly Switch[] {
    return [...this.#current.values()];
  }

  /** How many there were since the process began, by kind. */
  counts(): ReadonlyMap<SwitchKind, number> {
    return this.#counts;
  }

  /** @returns what ends it. */
  subscribe(listener: SwitchListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function keyOf({ kind, storeId, file }: SwitchFinding): string {
  return JSON.stringify([kind, storeId, file]);
}
