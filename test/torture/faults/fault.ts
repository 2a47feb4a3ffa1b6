import type { Stage } from './stage.ts';

/** A fault that stands until it is mended. Disposed, it leaves nothing behind, mended or not. */
export interface Standing extends AsyncDisposable {
  /** How it was provoked, for the report. */
  readonly how: string;
  /** What is refused while it stands: all of the victim's requests, those that write, or whatever meets what is damaged. */
  readonly refuses: 'everything' | 'writes' | 'something';
  /** What the refusals say. */
  readonly says: RegExp;
  /** Files that must stay as they are as long as it stands. */
  readonly untouched: readonly string[];
  /** Makes the writes of which at least one must be refused, where only writes are. */
  readonly writes?: () => Promise<void>;
  /** Takes the fault away. The server may have been ended for it and runs afterwards. */
  mend(): Promise<void>;
}

/** This machine does not let us provoke the fault; the message says why. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible';
}

/** One kind of trouble with one person's memory. */
export interface Fault {
  readonly name: string;
  /** What happens to the memory, as a sentence. */
  readonly sentence: string;
  /** Whether the victim's campaign is under way. Not where a damaged file may be written on before it is replaced. */
  readonly running: boolean;
  /** Provokes it on a server that runs; it runs again afterwards. @throws NotPossible */
  provoke(stage: Stage): Promise<Standing>;
}
