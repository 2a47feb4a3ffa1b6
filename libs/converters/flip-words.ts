import type { ConverterType } from '#core';

export const flipWords: ConverterType = {
  name: 'flip-words',
  title: 'Flip words',
  description: 'Puts the words in reverse order; each word, and the white space between, stays as it is.',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  create() {
    return (text) => text.split(/(\s+)/u).reverse().join('');
  },
};
