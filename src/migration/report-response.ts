import type { Response } from 'express';

/** A report in the API description: as data, or for people. */
export const REPORT = {
  content: { 'application/json': { schema: { type: 'object' } }, 'text/markdown': { schema: { type: 'string' } } },
} as const;

/** Answers with a text in Markdown. */
export function markdown(response: Response, text: string): string {
  response.type('text/markdown; charset=utf-8');
  return text;
}
