import type { Handover } from '#catalog';
import type { PlanBody, RunBody } from '../plan-body.js';

/** Whose memory is to come into whose. */
export interface Merge extends Omit<Handover, 'aliasIds'> {
  /** The name of the file that comes into the other one. */
  readonly location: string;
}

/** What a merge would do: a plan whose only file is a memory, under `store:<store id>`. */
export interface MergePlanBody extends PlanBody {
  readonly merge: Merge;
}

/** What a merge has done so far. */
export interface MergeRunBody extends RunBody {
  readonly merge: Merge;
  /** Whether this run keeps the store from its person: to move it, and after that as an archive. */
  readonly withholds: boolean;
  /** The identities that were handed over, or are about to be; null before that. */
  readonly aliasIds: readonly string[] | null;
}
