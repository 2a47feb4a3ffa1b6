import { InvalidInput } from '#core';

/** What may be inserted: `prompt`, `systemPrompt` and `conversation` (a JSON array of `{role, content}`). */
const PLACEHOLDERS = ['prompt', 'systemPrompt', 'conversation'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** How a value has to be written where it stands. */
type Escape = (text: string) => string;

export type TemplateValues = Readonly<Record<Placeholder, string>>;
export type BodyTemplate = (values: TemplateValues) => string;

/**
 * Compiles `{{ name }}` placeholders. A value is inserted once and never looked at again, so nothing in a prompt is evaluated. It is
 * escaped for where it stands: in a JSON body inside a string as part of it, outside as a value of its own; in a form
 * percent-encoded; in XML with its signs as entities; in any other text as it is.
 * @param mediaType of the body, without parameters.
 * @throws InvalidInput naming /parameters/body when a placeholder is unknown or unclosed, when `{{ prompt }}` is missing, or when a
 * JSON body would not be JSON.
 */
export function compileTemplate(template: string, mediaType: string): BodyTemplate {
  const isJson = /[/+]json$/.test(mediaType);
  const pieces: (string | { readonly name: Placeholder; readonly escape: Escape })[] = [];
  let inString = false;
  let at = 0;
  for (let open = template.indexOf('{{'); open >= 0; open = template.indexOf('{{', at)) {
    const close = template.indexOf('}}', open);
    if (close < 0) refuse("has a '{{' that is not closed by '}}'");
    const name = template.slice(open + 2, close).trim();
    if (!isPlaceholder(name)) refuse(`may insert only ${PLACEHOLDERS.map((known) => `{{ ${known} }}`).join(', ')}`);
    const literal = template.slice(at, open);
    if (isJson) inString = endsInString(literal, inString);
    pieces.push(literal, { name, escape: isJson ? jsonEscape(name, inString) : escapeFor(mediaType) });
    at = close + 2;
  }
  pieces.push(template.slice(at));
  if (!pieces.some((piece) => typeof piece === 'object' && piece.name === 'prompt')) refuse('must contain {{ prompt }}');
  const render: BodyTemplate = (values) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : piece.escape(values[piece.name]))).join('');
  if (isJson && !isJsonText(render({ prompt: '"\\', systemPrompt: '"\\', conversation: '[]' }))) {
    refuse('must be JSON once the placeholders are filled in');
  }
  return render;
}

function jsonEscape(name: Placeholder, inString: boolean): Escape {
  if (inString) return (text) => JSON.stringify(text).slice(1, -1);
  return name === 'conversation' ? (text) => text : (text) => JSON.stringify(text);
}

function escapeFor(mediaType: string): Escape {
  // By way of bytes, because encodeURIComponent throws on half a surrogate pair.
  if (mediaType === 'application/x-www-form-urlencoded') return (text) => encodeURIComponent(Buffer.from(text).toString());
  if (!/[/+]xml$/.test(mediaType)) return (text) => text;
  return (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Whether a JSON string is open after `text`, given whether one was before it. */
function endsInString(text: string, openBefore: boolean): boolean {
  return [...text.matchAll(/\\.|"/gs)].filter(([token]) => token === '"').length % 2 === 0 ? openBefore : !openBefore;
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function refuse(detail: string): never {
  throw new InvalidInput('The body template is not usable.', [{ pointer: '/parameters/body', detail }]);
}
