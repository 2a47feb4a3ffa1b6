import { readTemplate, type Template } from './template.js';

const HEADING = /^## ([A-Za-z-]+)$/m;

/**
 * Reads `templates/<name>.md`, a template of several texts: each stands under a line `## <part>`, and they share the version.
 * @throws when the parts are not those that are named, each with a text.
 */
export function readParts<P extends string>(name: string, parts: readonly P[]): Readonly<Record<P, Template>> {
  const { version, text } = readTemplate(name);
  const [preamble = '', ...pieces] = text.split(HEADING);
  const found = new Map<string, Template>();
  for (let at = 0; at < pieces.length; at += 2) found.set(pieces[at] ?? '', { version, text: pieces[at + 1]?.trim() ?? '' });
  const complete = pieces.length === 2 * parts.length && parts.every((part) => found.get(part)?.text);
  if (preamble !== '' || !complete) throw new Error(`The template ${name} must have the parts ${parts.join(', ')}, and nothing else.`);
  return Object.fromEntries(found) as Record<P, Template>;
}
