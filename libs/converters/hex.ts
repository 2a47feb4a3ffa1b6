import type { ConverterType } from '#core';

/** RFC 4648, section 8 (which writes capitals; lower case is the habit of today). */
export const hex: ConverterType = {
  name: 'hex',
  title: 'Hexadecimal',
  description: 'Writes the UTF-8 bytes of the text as pairs of hexadecimal digits.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      separator: { type: 'string', maxLength: 4, default: '', description: 'What stands between two bytes, such as a space.' },
      uppercase: { type: 'boolean', default: false, description: 'Whether A to F are capitals.' },
    },
  },
  create(parameters) {
    const { separator, uppercase } = parameters as { separator: string; uppercase: boolean };
    return (text) => {
      const digits = Buffer.from(text, 'utf8').toString('hex');
      const written = uppercase ? digits.toUpperCase() : digits;
      return separator === '' ? written : (written.match(/../g) ?? []).join(separator);
    };
  },
};
