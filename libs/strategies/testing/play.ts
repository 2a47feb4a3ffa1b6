import { InvalidInput, type FieldFault, type JsonObject, type StrategyResult } from '#core';
import { ScriptedDialogue, type DialogueScript } from '#core/testing';
import { strategies } from '../index.js';

/** How a strategy ended: with a result, or with an error. */
export interface Played {
  readonly result: StrategyResult | null;
  readonly error: unknown;
  readonly dialogue: ScriptedDialogue;
}

/**
 * For specs: runs a strategy against a script, to its end, and holds it to what every strategy promises.
 * @throws when it asks more than its cost says, says other things the second time, or ends at a place where nobody answered.
 */
export async function play(type: string, script: DialogueScript, parameters: JsonObject = {}, goal = 'the goal'): Promise<Played> {
  const valid = strategies.validate(type, parameters);
  const played = await once(type, script, valid, goal);
  const again = await once(type, script, valid, goal);
  if (transcriptOf(played) !== transcriptOf(again)) throw new Error(`'${type}' does not say the same when it is given the same answers.`);
  holdToCost(type, valid, played.dialogue);
  if (played.result) holdToPlaces(type, played.result, played.dialogue);
  return played;
}

/** For specs: what is wrong with parameters, by their schema or by `create`. */
export function faultsOf(type: string, parameters: JsonObject): readonly FieldFault[] {
  try {
    strategies.get(type).create(strategies.validate(type, parameters));
  } catch (error) {
    if (error instanceof InvalidInput) return error.faults;
    throw error;
  }
  throw new Error('Nothing is wrong with the parameters.');
}

async function once(type: string, script: DialogueScript, parameters: JsonObject, goal: string): Promise<Played> {
  const dialogue = new ScriptedDialogue(script);
  try {
    return { result: await strategies.get(type).create(parameters)(goal, dialogue.ports), error: null, dialogue };
  } catch (error) {
    return { result: null, error, dialogue };
  }
}

function transcriptOf({ result, error, dialogue: { requests, transcript } }: Played): string {
  return JSON.stringify({ result, error: String(error), requests, transcript });
}

function holdToCost(type: string, parameters: JsonObject, { requests, transcript }: ScriptedDialogue): void {
  const cost = strategies.get(type).cost(parameters);
  const asked = { target: count(requests, 'target'), attacker: count(requests, 'attacker') };
  const judged = transcript.flatMap((line) => /^judge (\w+) /.exec(line)?.[1] ?? []);
  const over = [...new Set(judged)].filter((role) => judged.filter((other) => other === role).length > (cost.judgements[role] ?? 0));
  if (asked.target > cost.target || asked.attacker > cost.attacker || over.length > 0) {
    throw new Error(`'${type}' asks more than its cost says: ${JSON.stringify({ cost, asked, over })}`);
  }
}

function count(requests: ScriptedDialogue['requests'], partner: string): number {
  return requests.filter(({ purpose }) => purpose === partner).length;
}

function holdToPlaces(type: string, { branch, turn, pruned = [] }: StrategyResult, { requests }: ScriptedDialogue): void {
  const target = requests.filter(({ purpose }) => purpose === 'target');
  if (!target.some((request) => request.branch === branch && request.turn === turn)) {
    throw new Error(`'${type}' ends at ${branch}/${turn}, where it never asked.`);
  }
  if (pruned.some((other) => other === branch || !target.some((request) => request.branch === other))) {
    throw new Error(`'${type}' gives up a branch that it ends with, or never began.`);
  }
}
