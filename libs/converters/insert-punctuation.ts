import type { ConverterType } from '#core';
import { isBlank, mapGraphemes } from './characters.js';

export const insertPunctuation: ConverterType = {
  name: 'insert-punctuation',
  title: 'Inserted punctuation',
  description: 'Strews punctuation marks over the text, after words or anywhere, at random (seeded).',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      probability: { type: 'number', minimum: 0, maximum: 1, default: 0.2, description: 'How likely a mark is set at each place.' },
      place: {
        type: 'string',
        enum: ['after-words', 'anywhere'],
        default: 'after-words',
        description: 'After words, or after any character but white space.',
      },
      marks: { type: 'string', minLength: 1, maxLength: 100, default: ',.!?;:-', description: 'The marks to choose from.' },
    },
  },
  create(parameters) {
    const { probability, place, marks } = parameters as { probability: number; place: 'after-words' | 'anywhere'; marks: string };
    const choice = Array.from(marks);
    return (text, { random }) => {
      const mark = (part: string): string => (random.next() < probability ? part + random.pick(choice) : part);
      if (place === 'anywhere') return mapGraphemes(text, (grapheme) => (isBlank(grapheme) ? grapheme : mark(grapheme)));
      return text.replace(/\S+/gu, mark);
    };
  },
};
