import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  GeneratorError,
  InvalidInput,
  JudgeFailed,
  jsonObjects,
  NothingToSend,
  StrategyFailed,
  type GeneratorReply,
  type JsonObject,
  type JsonSchema,
  type Strategy,
  type StrategyRequest,
  type StrategyResult,
} from '#core';
import { unavailable, unjudged } from '#core/testing';
import { strategies } from './index.js';
import { CutOff, Recording, Replay, type Oracle } from './testing/replay.js';

/** What a type can't do without. */
const REQUIRED: Readonly<Record<string, JsonObject>> = {};

const script = fc.record({
  target: fc.array(fc.constantFrom('answers', 'answers', 'answers', 'answers', 'answers', 'filters', 'fails'), {
    minLength: 1,
    maxLength: 9,
  }),
  attacker: fc.array(fc.constantFrom('obeys', 'obeys', 'obeys', 'obeys', 'obeys', 'obeys', 'denies', 'rambles', 'filters', 'fails'), {
    minLength: 1,
    maxLength: 9,
  }),
  judges: fc.array(fc.constantFrom(0, 0, 0.2, 0.2, 0.4, 0.4, 0.6, 1, 'fails'), { minLength: 1, maxLength: 9 }),
  optionalJudges: fc.boolean(),
  cuts: fc.array(fc.nat(9), { maxLength: 6 }),
});
type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;

/** Small numbers, either truth, every choice; of everything else the default. */
function parametersOf(name: string): fc.Arbitrary<JsonObject> {
  const properties = strategies.get(name).schema['properties'] as Record<string, JsonSchema>;
  const chosen: Record<string, fc.Arbitrary<JsonObject[string]>> = {};
  for (const [key, { type, minimum, maximum, enum: choices }] of Object.entries(properties)) {
    if (key in (REQUIRED[name] ?? {})) continue;
    const min = Number(minimum ?? 0);
    if (choices) chosen[key] = fc.constantFrom(...(choices as string[]));
    else if (type === 'boolean') chosen[key] = fc.boolean();
    else if (type === 'integer') chosen[key] = fc.integer({ min, max: Math.min(Number(maximum ?? Infinity), min + 3) });
  }
  return fc.record(chosen).map((some) => strategies.validate(name, { ...REQUIRED[name], ...some }));
}

/** Models that go through their behaviours again and again. */
function oracle({ target, attacker, judges }: Script): Oracle {
  return {
    reply(request, nth) {
      const behaviours = request.purpose === 'target' ? target : attacker;
      const behaviour = behaviours[nth % behaviours.length] ?? '';
      if (behaviour === 'fails') return unavailable();
      const reply: GeneratorReply = { kind: 'answered', text: `answer ${nth}`, finishReason: 'stop', usage: null };
      if (behaviour === 'filters') return { ...reply, kind: 'blocked', text: '' };
      return behaviour === 'obeys' || behaviour === 'denies' ? { ...reply, text: obey(request, behaviour, nth) } : reply;
    },
    judge(role, _place, nth) {
      const degree = judges[nth % judges.length] ?? 0;
      if (typeof degree === 'string') return unjudged();
      return { type: 'float_scale', value: String(degree), category: null, rationale: `because ${role}`, metadata: null, degree };
    },
  };
}

/** The JSON object that the system prompt asks for, filled in; without one, a text. */
function obey({ messages }: StrategyRequest, behaviour: string, nth: number): string {
  const form = jsonObjects(messages[0]?.content ?? '').at(-1)?.value;
  if (!form) return `text ${nth}`;
  const filled = Object.entries(form).map(([key, value]) => [key, typeof value === 'boolean' ? behaviour === 'obeys' : `${key} ${nth}`]);
  return JSON.stringify(Object.fromEntries(filled));
}

function create(name: string, parameters: JsonObject): Strategy {
  try {
    return strategies.get(name).create(parameters);
  } catch (error) {
    // Parameters that make no sense together.
    if (error instanceof InvalidInput) fc.pre(false);
    throw error;
  }
}

/** The errors that an item may end with. Of others, such as a broken contract, the test is to fail. */
const ENDS = [GeneratorError, JudgeFailed, NothingToSend, StrategyFailed];

type Ending = StrategyResult | { readonly error: string };

async function ending(strategy: Strategy, { ports }: Replay): Promise<Ending | CutOff> {
  try {
    return await strategy('the goal', ports);
  } catch (error) {
    if (error instanceof CutOff) return error;
    if (ENDS.some((kind) => error instanceof kind)) return { error: String(error) };
    throw error;
  }
}

describe.each(strategies.list().map(({ name }) => name))('%s', (name) => {
  const { judges, schema, title, description, needsAttacker } = strategies.get(name);
  const rolesOf = ({ optionalJudges }: Script): Set<string> =>
    new Set(judges.flatMap(({ role, required }) => (required || optionalJudges ? [role] : [])));

  it('is described, with every parameter and judge of it', () => {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(title).not.toBe('');
    expect([description, ...judges.map((judge) => judge.description)].filter((text) => !text.endsWith('.'))).toEqual([]);
    expect(schema['additionalProperties']).toBe(false);
    const properties = Object.entries(schema['properties'] as Record<string, JsonSchema>);
    expect(properties.filter(([, property]) => typeof property['description'] !== 'string')).toEqual([]);
    // A default may depend on another parameter.
    const filled = strategies.validate(name, REQUIRED[name] ?? {});
    expect(properties.map(([key]) => key).filter((key) => !(key in filled))).toEqual([]);
  });

  it('goes on after any number of crashes as if there had been none', async () => {
    const property = async (parameters: JsonObject, script: Script): Promise<void> => {
      const strategy = create(name, parameters);
      const expected = new Replay(new Recording(), oracle(script), rolesOf(script));
      const end = await ending(strategy, expected);
      const recording = new Recording();
      for (const cut of [...script.cuts, Infinity]) {
        const recorded = recording.asked.length;
        const replay = new Replay(recording, oracle(script), rolesOf(script), cut);
        const now = await ending(create(name, parameters), replay);
        expect(recording.asked).toEqual(expected.asked.slice(0, recorded + cut));
        if (now instanceof CutOff) continue;
        expect(replay.asked).toEqual(expected.asked);
        expect(now).toEqual(end);
      }
    };
    await fc.assert(fc.asyncProperty(parametersOf(name), script, property), { numRuns: 200 });
  });

  it('asks no more than it says, and ends where the target answered', async () => {
    const property = async (parameters: JsonObject, script: Script): Promise<void> => {
      const replay = new Replay(new Recording(), oracle(script), rolesOf(script));
      const end = await ending(create(name, parameters), replay);
      const { target, attacker, judgements } = strategies.get(name).cost(parameters);
      const asked = (what: string): number => replay.asked.filter((line) => line.startsWith(what)).length;
      expect(asked('{"key":"target ')).toBeLessThanOrEqual(target);
      expect(asked('{"key":"attacker ')).toBeLessThanOrEqual(attacker);
      for (const { role } of judges) expect(asked(`judge ${role} `)).toBeLessThanOrEqual(judgements[role] ?? 0);
      expect(needsAttacker || attacker === 0).toBe(true);
      expect(Object.keys(judgements).filter((role) => judges.every((judge) => judge.role !== role))).toEqual([]);
      if ('error' in end || end instanceof CutOff) return;
      const places = replay.places('target');
      const branches = new Set(places.map((place) => Number(place.split('/')[0])));
      const { pruned = [] } = end;
      expect(places).toContain(`${end.branch}/${end.turn}`);
      expect(end.turns).toBeGreaterThan(0);
      // Every conversation with the target is the one that it ended with, or was given up.
      expect([...pruned, end.branch].sort((a, b) => a - b)).toEqual([...branches].sort((a, b) => a - b));
      if (end.outcome !== null) expect(rolesOf(script)).toContain('objective');
    };
    await fc.assert(fc.asyncProperty(parametersOf(name), script, property), { numRuns: 200 });
  });
});
