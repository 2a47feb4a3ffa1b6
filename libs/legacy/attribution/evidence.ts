/**
 * How much a piece of evidence is worth:
 * - `certain`: the row itself names its owner, or a join on a random id does;
 * - `strong`: the row is in a file that was one person's, and that is named after that person;
 * - `likely`: the file is named after a person, but others may have written into it;
 * - `weak`: it fits, and may be chance, or somebody else's doing;
 * - `none`: a name that many people bore, or nothing that names anyone.
 */
export type Confidence = 'certain' | 'strong' | 'likely' | 'weak' | 'none';

/** What speaks for an owner. */
export interface Evidence {
  readonly source: 'user-id' | 'dataset' | 'created-by' | 'execution' | 'file-name' | 'orchestrator-file' | 'label' | 'added-by';
  /** The name that was found, as it was written; a person's key where the evidence is about a known one. */
  readonly owner: string;
  readonly confidence: Confidence;
  /** A sentence for the report. */
  readonly because: string;
}

/** What the evidence says together. */
export interface Verdict {
  /** Null where it doesn't say, or contradicts itself: then nobody is guessed. */
  readonly owner: string | null;
  readonly confidence: Confidence;
  readonly evidence: readonly Evidence[];
  /** Evidence of the same worth names others. */
  readonly contradictory: boolean;
}

export interface WeighOptions {
  /** Whom a name stands for, so that several names of one person agree. The name itself when left out. */
  readonly ownerOf?: (name: string) => string;
  /** The least that names an owner. */
  readonly decides?: Exclude<Confidence, 'none'>;
}

const WORTH: readonly Confidence[] = ['certain', 'strong', 'likely', 'weak', 'none'];

/**
 * Weighs evidence: the best there is counts, if all of it names one owner. Weaker evidence never overrules better, and several weak pieces do not make
 * a strong one. Evidence of less worth than decides is reported, and names no owner.
 */
export function weigh(evidence: readonly Evidence[], options: WeighOptions = {}): Verdict {
  const { ownerOf = (name: string): string => name, decides = 'strong' } = options;
  const best = WORTH.find((confidence) => evidence.some((piece) => piece.confidence === confidence)) ?? 'none';
  const owners = new Set(evidence.filter(({ confidence }) => confidence === best).map(({ owner }) => ownerOf(owner)));
  const [owner] = owners;
  const contradictory = best !== 'none' && owners.size > 1;
  const decided = !contradictory && best !== 'none' && WORTH.indexOf(best) <= WORTH.indexOf(decides);
  return { owner: decided ? (owner ?? null) : null, confidence: best, evidence, contradictory };
}
