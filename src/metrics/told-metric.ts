import type { Metric } from 'prom-client';
import type { Distribution } from '#core';

type Labels = Readonly<Record<string, string>>;

/** A value, by the labels that tell it from the others of its metric. */
export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
}

/** How values spread, by labels. */
export interface Spread {
  readonly of: Distribution;
  readonly labels?: Labels;
}

type Read<T> = () => Iterable<T> | Promise<Iterable<T>>;

interface Exposed extends Sample {
  readonly metricName?: string;
}

/**
 * A metric whose values are read where they are counted, when somebody asks. So counting costs no more than an addition, and no label is looked up for
 * it; the metrics of prom-client would build and hash labels for each event.
 */
class ToldMetric {
  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: 'gauge' | 'counter' | 'histogram',
    private readonly read: Read<Exposed>,
  ) {}

  /** Called by the registry. What can't be told at the moment is left out: the others are needed then more than ever. */
  async get() {
    const { name, help, type } = this;
    const values = await this.#values().catch(() => []);
    return { name, help, type, aggregator: 'sum', values };
  }

  async #values(): Promise<Exposed[]> {
    return [...(await this.read())];
  }

  /** There is nothing here that could be reset. */
  reset(): void {}
}

/** Something that goes up and down. */
export function gauge(name: string, help: string, read: Read<Sample>): Metric {
  return asMetric(new ToldMetric(name, help, 'gauge', read));
}

/** Something that is counted from the beginning of the process on. @param name ends with `_total`. */
export function counter(name: string, help: string, read: Read<Sample>): Metric {
  return asMetric(new ToldMetric(name, help, 'counter', read));
}

/** Something that is measured many times. */
export function histogram(name: string, help: string, read: Read<Spread>): Metric {
  const told = new ToldMetric(name, help, 'histogram', async () => [...(await read())].flatMap((spread) => [...seriesOf(name, spread)]));
  return asMetric(told);
}

function* seriesOf(name: string, { of, labels = {} }: Spread): Generator<Exposed> {
  const { bounds, sum, count } = of;
  for (const [at, value] of of.cumulative().entries()) {
    yield { metricName: `${name}_bucket`, labels: { ...labels, le: String(bounds[at]) }, value };
  }
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sum };
  yield { metricName: `${name}_count`, labels, value: count };
}

/** All that a registry asks of a metric: a name, and `get`. */
function asMetric(told: ToldMetric): Metric {
  return told as unknown as Metric;
}

/** One sample for each entry of counts by a label. */
export function* byLabel(label: string, counts: Iterable<readonly [string, number]>): Generator<Sample> {
  for (const [name, value] of counts) yield { value, labels: { [label]: labelled(name) } };
}

/** Our words have hyphens, labels have underscores. */
export function labelled(word: string): string {
  return word.replaceAll('-', '_');
}
