import type { ConverterType } from '#core';
import { mapCodePoints } from './characters.js';

const TAGS = 0xe0000;
const LANGUAGE_TAG = '\u{e0001}';
const CANCEL_TAG = '\u{e007f}';

/**
 * ASCII smuggling with the Unicode Tags block (U+E0000…U+E007F), as Riley Goodside showed in January 2024 and Johann Rehberger
 * ("ASCII Smuggler", embracethered.com) described: each printable ASCII character has an invisible twin 0xE0000 higher.
 */
export const asciiSmuggling: ConverterType = {
  name: 'ascii-smuggling',
  title: 'ASCII smuggling',
  description:
    'Replaces printable ASCII by its invisible twins of the Unicode Tags block, which many models still read. Other characters stay visible.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      controls: { type: 'boolean', default: false, description: 'Whether the tags stand between U+E0001 (begin) and U+E007F (cancel).' },
      cover: { type: 'string', maxLength: 10_000, default: '', description: 'A visible text that is put before the invisible one.' },
    },
  },
  create(parameters) {
    const { controls, cover } = parameters as { controls: boolean; cover: string };
    return (text) => {
      const hidden = mapCodePoints(text, (character) =>
        character >= ' ' && character <= '~' ? String.fromCodePoint(TAGS + character.charCodeAt(0)) : character,
      );
      return cover + (controls ? LANGUAGE_TAG + hidden + CANCEL_TAG : hidden);
    };
  },
};
