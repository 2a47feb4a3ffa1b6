import { contentId, type JsonObject, type JsonValue } from '#core';
import type { FrozenGenerator, ResolvedPlan } from './resolved-plan.js';

/** A part of a plan that compiled orchestrators depend on, with the generators that are in it; null for one that they do not look at. */
type Part<K extends keyof ResolvedPlan> = ((part: NonNullable<ResolvedPlan[K]>) => readonly (FrozenGenerator | null)[]) | null;

/** What each part of a plan is to the compiler. Of a part that plans get later this must be said too: until then it is a type error. */
const PARTS: { readonly [K in keyof Required<ResolvedPlan>]: Part<K> } = {
  version: () => [],
  orchestrator: () => [],
  generator: (generator) => [generator],
  attacker: (attacker) => [attacker],
  chains: () => [],
  scorers: (scorers) => scorers.map(({ judge }) => judge),
  judges: (judges) => Object.values(judges).map(({ judge }) => judge),
  repeats: null,
  seed: null,
  scoringRunId: null,
  source: null,
};

/**
 * A hash of everything that an orchestrator is compiled from: its parameters, generators, converters and scorers as the plan has them, and the
 * secrets as they are now. Plans that differ only in what is sent, or how often, have the same.
 * @param fingerprints says what tells a generator's secrets from others.
 */
export async function compiledHash(plan: ResolvedPlan, fingerprints: (generator: FrozenGenerator) => Promise<JsonObject>): Promise<string> {
  const parts: Record<string, JsonValue> = {};
  const secrets: JsonValue[] = [];
  for (const [name, generatorsOf] of Object.entries(PARTS) as [keyof ResolvedPlan, Part<never>][]) {
    const part: unknown = plan[name] ?? null;
    if (generatorsOf === null || part === null) continue;
    parts[name] = part as JsonValue;
    for (const generator of generatorsOf(part as never)) if (generator) secrets.push(await fingerprints(generator));
  }
  return contentId({ parts, secrets });
}
