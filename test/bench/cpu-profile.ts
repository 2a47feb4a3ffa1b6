import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;

/** The functions in which the profiled processes spent most time themselves, as lines with their share of all the time that was not idle. */
export async function topSelfTimes(profileDir: string): Promise<string[]> {
  const files = (await readdir(profileDir)).filter((name) => name.endsWith('.cpuprofile'));
  const self = new Map<string, number>();
  let idle = 0;
  let busy = 0;
  for (const file of files) {
    const { nodes, samples, timeDeltas } = JSON.parse(await readFile(join(profileDir, file), 'utf8')) as CpuProfile;
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    for (const [index, id] of samples.entries()) {
      const name = names.get(id) ?? '?';
      const time = timeDeltas[index] ?? 0;
      if (name === '(idle)') idle += time;
      else busy += time;
      self.set(name, (self.get(name) ?? 0) + time);
    }
  }
  self.delete('(idle)');
  const top = [...self].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return [
    `${files.length} profiles, ${percent(busy / Math.max(1, busy + idle))} of the time busy`,
    ...top.map(([name, time]) => `${percent(time / Math.max(1, busy)).padStart(6)}  ${name}`),
  ];
}

function nameOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  const place = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules|dist)\//, '');
  return `${functionName === '' ? '(anonymous)' : functionName}${place === '' ? '' : `  ${place}`}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
