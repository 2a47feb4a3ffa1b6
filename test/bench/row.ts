/** The parts of the benchmark, in the order in which they run. */
export const PARTS = ['throughput', 'latency', 'stored', 'imports', 'peer', 'stores'] as const;
export type Part = (typeof PARTS)[number];

/** One line of the table. */
export interface Row {
  readonly part: Part;
  readonly measure: string;
  /** Ours, with its unit. */
  readonly ours: string;
  /** What it is compared with, with its unit; empty when it stands for itself. */
  readonly against: string;
  /** Ours by the other; empty when there is no other. */
  readonly ratio: string;
  /** What it should be; empty for figures that only inform. */
  readonly bar: string;
  /** Null without a bar. */
  readonly met: boolean | null;
  /** The same in numbers, units in the names, for whoever reads the JSON. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A row of which nothing but the measure and our figure has to be said. */
export function row(part: Part, measure: string, ours: string, more: Partial<Row> = {}): Row {
  return { part, measure, ours, against: '', ratio: '', bar: '', met: null, figures: {}, ...more };
}

export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

export function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

export function mb(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
