/** A value of a metric. */
export interface ExposedSample {
  /** With `_bucket`, `_sum` and `_count` for those of histograms. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as it is exposed. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ExposedSample[];
}

/** Reads the text format of Prometheus. @throws Error for a line that is not of it, or belongs to no metric before it */
export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let family: { name: string; help: string; type: string; samples: ExposedSample[] } | null = null;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
    if (name !== '') {
      if (families.has(name)) throw new Error(`The metric ${name} is there twice.`);
      families.set(name, (family = { name, help, type: '', samples: [] }));
      continue;
    }
    const [, typed, type] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? [];
    if (family && typed === family.name && type !== undefined) {
      family.type = type;
      continue;
    }
    const sample = readSample(line);
    if (!family || !belongs(sample.name, family)) throw new Error(`This line belongs to no metric: ${line}`);
    family.samples.push(sample);
  }
  return families;
}

function belongs(name: string, family: Family): boolean {
  return name === family.name || (/^(histogram|summary)$/.test(family.type) && name.replace(/_(bucket|sum|count)$/, '') === family.name);
}

function readSample(line: string): ExposedSample {
  const [, name, , labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`This is no line of a metric: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  if (pairs.map(([pair]) => pair).join('') !== labels) throw new Error(`These are no labels: ${line}`);
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', of = '']) => [label, of])),
    value: Number(value.replace('Inf', 'Infinity')),
  };
}
