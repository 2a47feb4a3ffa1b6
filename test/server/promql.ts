/** A metric as an expression of PromQL names it. */
export interface Selector {
  readonly name: string;
  /** Those that are compared with something. */
  readonly labels: readonly string[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Those that are grouped or matched by. */
  readonly grouping: readonly string[];
}

const WORDS = new Set(
  (
    'sum max min avg count topk by without on ignoring and or unless offset bool group_left group_right rate increase histogram_quantile ' +
    'predict_linear time'
  ).split(' '),
);

/** Reads what an expression names. @throws Error for a word that is neither a function that is known here nor the name of a metric */
export function readExpression(expression: string): Expression {
  const grouping: string[] = [];
  const labels: string[][] = [];
  // First what holds labels, so that only words are left.
  const rest = expression
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right) ?\(([^)]*)\)/g, (_, _word: string, list: string) => {
      grouping.push(...list.split(',').map((label) => label.trim()));
      return ' ';
    })
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      labels.push([...matchers.matchAll(/(\w+)(=~|!~|!=|=)"[^"]*"/g)].map(([, label = '']) => label));
      return `#${labels.length - 1} `;
    })
    .replaceAll(/\[\w+\]|\boffset \w+/g, ' ');
  const selectors: Selector[] = [];
  for (const [, name = '', index] of rest.matchAll(/(?<![\w.#])([a-zA-Z_:][\w:]*)(?:#(\d+))?/g)) {
    if (WORDS.has(name)) continue;
    if (name !== 'up' && !name.includes('_')) throw new Error(`'${name}' is not known here: ${expression}`);
    selectors.push({ name, labels: (index === undefined ? undefined : labels[Number(index)]) ?? [] });
  }
  return { selectors, grouping: grouping.filter((label) => label !== '') };
}
