import type { ConverterType } from '#core';

const OCTETS = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, '0'));

export const binary: ConverterType = {
  name: 'binary',
  title: 'Binary',
  description: 'Writes the UTF-8 bytes of the text as groups of eight binary digits.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      separator: { type: 'string', maxLength: 4, default: ' ', description: 'What stands between two bytes.' },
    },
  },
  create(parameters) {
    const { separator } = parameters as { separator: string };
    return (text) => Array.from(Buffer.from(text, 'utf8'), (byte) => OCTETS[byte]).join(separator);
  },
};
