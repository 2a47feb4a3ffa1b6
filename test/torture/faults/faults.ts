import { cutOff, flipByte, flipBytes, walOrphan } from './damage.ts';
import { diskFull } from './disk-full.ts';
import type { Fault } from './fault.ts';
import { locked } from './locked.ts';
import { readOnly } from './read-only.ts';

/** By the name that `--faults` takes. */
const FAULTS: Readonly<Record<string, (mounts: boolean) => readonly Fault[]>> = {
  'disk-full': (mounts) => [diskFull(mounts)],
  'read-only': (mounts) => [readOnly(mounts)],
  locked: () => [locked],
  'flip-bytes': () => [flipBytes, flipByte],
  truncate: () => [cutOff],
  'wal-orphan': () => [walOrphan],
};

/**
 * The faults of a list of names, separated by commas; `all` for all of them, nothing for none.
 * @param mounts whether file systems may be mounted for it.
 * @throws Error naming what there is.
 */
export function faultsNamed(names: string, mounts: boolean): Fault[] {
  const wanted = names === 'all' ? Object.keys(FAULTS) : names.split(',').filter((name) => name !== '');
  return wanted.flatMap((name) => {
    const make = FAULTS[name];
    if (!make) throw new Error(`There is no fault '${name}'. There are: ${Object.keys(FAULTS).join(', ')}, all.`);
    return make(mounts);
  });
}
