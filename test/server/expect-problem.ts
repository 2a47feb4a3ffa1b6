import { expect } from '@jest/globals';
import type { Answer } from './client.js';

/** Asserts that an answer is a problem (RFC 9457) of one kind, which tells a person something, and can be found in the log. */
export function expectProblem(answer: Answer, status = 400, type = 'invalid-input'): void {
  expect(answer).toMatchObject({ status, problem: { type: `/problems/${type}`, status } });
  expect(answer.problem?.detail).toMatch(/^[A-Z].*\.$/s);
  expect(answer.problem?.instance).toBe(answer.headers.get('x-request-id'));
}

/** The fields that a problem names, each once. */
export function pointers({ problem }: Answer): string[] {
  return [...new Set(problem?.errors?.map((fault) => fault.pointer))].sort();
}
