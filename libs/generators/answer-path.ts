import { query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';
import { InvalidInput, type JsonValue } from '#core';

export type AnswerPath = (answer: JsonValue) => string | null;

/**
 * Compiles a JSONPath (RFC 9535) that finds the text in an answer. Of several matches the texts are joined; numbers and truth values
 * are written out, objects and arrays as JSON. Null when nothing matches.
 *
 * The answer is the model's, so a path must not be able to take long over it: functions (`match` and `search` would run a
 * backtracking pattern), more than one `..`, several selectors in one bracket and absolute queries in filters are refused.
 * @throws InvalidInput naming /parameters/answerPath.
 */
export function compileAnswerPath(path: string): AnswerPath {
  let syntax: unknown;
  try {
    syntax = parse(path);
  } catch {
    refuse('must be a JSONPath as of RFC 9535, such as $.choices[0].message.content');
  }
  const nodes = nodesOf(syntax);
  const count = (type: string): number => nodes.filter((node) => node['type'] === type).length;
  if (count('FunctionExpr') > 0) refuse('must not use functions');
  if (count('DescendantSegment') > 1) refuse("must not use '..' more than once");
  if (count('JsonPathQuery') + count('AbsSingularQuery') > 1) refuse("must not use '$' in a filter");
  if (nodes.some((node) => node['type'] === 'BracketedSelection' && Array.isArray(node['selectors']) && node['selectors'].length > 1)) {
    refuse('must have one selector in each pair of brackets');
  }
  return (answer) => {
    const matches = query(answer as Parameters<typeof query>[0], path);
    return matches.length === 0 ? null : matches.map((match) => (typeof match === 'string' ? match : JSON.stringify(match))).join('');
  };
}

function nodesOf(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(nodesOf);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}

function refuse(detail: string): never {
  throw new InvalidInput('The path to the answer is not usable.', [{ pointer: '/parameters/answerPath', detail }]);
}
