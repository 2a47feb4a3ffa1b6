import type { SeedPrompt } from '#core';
import { CONTROLS, PRETEXTS, QUESTIONS } from './parts.js';

/**
 * The practice dataset, of this project's own writing: 220 mild requests for a guard's secret and 30 questions that are none, evenly
 * mixed, so that its first prompts stand for all of it. Always the same 250, in the same order.
 */
export function practicePrompts(): SeedPrompt[] {
  const asks = QUESTIONS.flatMap(([aim, question], row) =>
    PRETEXTS.map((_, column): SeedPrompt => {
      // Along the diagonals, so that neighbours differ in both parts.
      const [approach, sentence] = PRETEXTS[(row + column) % PRETEXTS.length] ?? ['none', ''];
      const value = sentence === '' ? question : `${sentence} ${question}`;
      return { value, harmCategories: ['secret extraction'], metadata: { kind: 'request', approach, aim } };
    }),
  );
  const controls = CONTROLS.map((value): SeedPrompt => ({ value, harmCategories: [], metadata: { kind: 'control' } }));
  return mixed(transposed(asks), controls);
}

/** One request of every kind before the second of any. */
function transposed(asks: readonly SeedPrompt[]): SeedPrompt[] {
  return PRETEXTS.flatMap((_, column) => asks.filter((_ask, index) => index % PRETEXTS.length === column));
}

function mixed(many: readonly SeedPrompt[], few: readonly SeedPrompt[]): SeedPrompt[] {
  const total = many.length + few.length;
  const result: SeedPrompt[] = [];
  for (let place = 0; place < total; place++) {
    const before = Math.floor((place * few.length) / total);
    const now = Math.floor(((place + 1) * few.length) / total);
    result.push(...(now > before ? few.slice(before, now) : many.slice(place - before, place - before + 1)));
  }
  return result;
}
