import type { ConverterType } from '#core';
import { reversed } from './characters.js';

const RIGHT_TO_LEFT_OVERRIDE = '\u202e';
const POP_DIRECTIONAL_FORMATTING = '\u202c';

/** The override of UAX #9, used against readers as in "Trojan Source" (Boucher and Anderson, 2021). */
export const bidi: ConverterType = {
  name: 'bidi',
  title: 'Bidirectional override',
  description:
    'Stores each line backwards inside a right-to-left override, so that it looks right on a screen and is backwards to a program.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    // Line by line: an override ends with its paragraph (UAX #9, rule P1).
    return (text) =>
      text
        .split(/(\r\n|[\n\r\u2028\u2029])/)
        .map((part, index) =>
          index % 2 === 1 || part === '' ? part : RIGHT_TO_LEFT_OVERRIDE + reversed(part) + POP_DIRECTIONAL_FORMATTING,
        )
        .join('');
  },
};
