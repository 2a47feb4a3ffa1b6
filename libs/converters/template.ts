import { InvalidInput, type ConverterType } from '#core';

const PLACEHOLDER = /\{\{\s{0,8}prompt\s{0,8}\}\}/u;

/** Frames a prompt. The template is never evaluated: one placeholder is replaced, literally. */
export const template: ConverterType = {
  name: 'template',
  title: 'Template',
  description: 'Puts the prompt into a text of your own, at {{ prompt }}. Nothing else in the text is interpreted.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      template: { type: 'string', maxLength: 100_000, description: 'A text with {{ prompt }} exactly once, where the prompt goes.' },
    },
    required: ['template'],
  },
  create(parameters) {
    const { template: frame } = parameters as { template: string };
    const [before, after, ...more] = frame.split(PLACEHOLDER);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new InvalidInput('The template does not say where the prompt goes.', [
        { pointer: '/parameters/template', detail: 'must contain {{ prompt }} exactly once' },
      ]);
    }
    return (text) => before + text + after;
  },
};
