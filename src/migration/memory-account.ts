import type { ImportAccount, ImportDigest, ImportReason, MemoryStore } from '#memory';

/** What became of the rows that one memory received. */
export interface MemoryAccount {
  /** The key of a person; null for what is nobody's. */
  readonly person: string | null;
  /** By file, table and noun: `read = added + renamed + duplicate + quarantined`. */
  readonly accounts: readonly ImportAccount[];
  readonly reasons: readonly ImportReason[];
  /** By noun, what was to be written and what is there, as hashes over the canonical hashes of the rows. */
  readonly digests: readonly ImportDigest[];
}

/** Decides on what a memory has received in a run, and says what became of it. @param person whose it is */
export async function settleMemory({ imports }: MemoryStore, runId: string, person: string | null): Promise<MemoryAccount> {
  const accounts = await imports.settle(runId);
  return {
    person,
    accounts,
    reasons: await imports.reasons(runId),
    digests: await imports.digests(runId),
  };
}
