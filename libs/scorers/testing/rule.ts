import { InvalidInput, type FieldFault, type JsonObject, type ScorerPorts, type ScoreValue } from '#core';
import { scorers } from '../index.js';

/** For specs: the score that a type without a judge gives an answer. */
export async function scoreByRule(name: string, parameters: JsonObject, response: string, signal?: AbortSignal): Promise<ScoreValue> {
  const ports: ScorerPorts = {
    signal: signal ?? new AbortController().signal,
    judge: () => Promise.reject(new Error(`The rule '${name}' asked a judge.`)),
  };
  const scorer = scorers.get(name).create(scorers.validate(name, parameters));
  return scorer({ response, objective: 'The prompt.', prompt: 'The prompt.', convertedPrompt: 'The prompt.' }, ports);
}

/** For specs: what is wrong with parameters, by their schema or by `create`. */
export function faultsOf(name: string, parameters: JsonObject): readonly FieldFault[] {
  try {
    scorers.get(name).create(scorers.validate(name, parameters));
  } catch (error) {
    if (error instanceof InvalidInput) return error.faults;
    throw error;
  }
  throw new Error('Nothing is wrong with the parameters.');
}
