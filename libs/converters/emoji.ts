import type { ConverterType } from '#core';

const FIRST = { regional: 0x1f1e6, squared: 0x1f130, 'negative-squared': 0x1f170, circled: 0x24b6 } as const;

export const emoji: ConverterType = {
  name: 'emoji',
  title: 'Emoji letters',
  description: 'Writes Latin letters as emoji letters: regional indicators, or letters in squares or circles.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      style: { type: 'string', enum: Object.keys(FIRST), default: 'regional', description: 'Which set of letters.' },
      separator: {
        type: 'string',
        maxLength: 8,
        default: '\u200b',
        description: 'What stands between two of them, by default U+200B; without one, pairs of regional indicators are drawn as flags.',
      },
    },
  },
  create(parameters) {
    const { style, separator } = parameters as { style: keyof typeof FIRST; separator: string };
    return (text) =>
      text.replace(/[A-Za-z]+/g, (word) =>
        Array.from(word.toUpperCase(), (letter) => String.fromCodePoint(FIRST[style] + letter.charCodeAt(0) - 65)).join(separator),
      );
  },
};
