import type { ConverterType } from '#core';
import { reversed } from './characters.js';

export const reverse: ConverterType = {
  name: 'reverse',
  title: 'Reverse',
  description: 'Writes the text backwards, character by character; accents and emoji stay whole.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    return reversed;
  },
};
