import type { LegacyDataset } from '../reading/dataset.js';
import type { Evidence } from './evidence.js';
import { isSharedName } from './names.js';

/** Whose prompts are whose: a prompt names only its dataset, which is in the same file and names its owner. */
export class DatasetOwners {
  readonly #owners = new Map<string, string>();

  add(dataset: Pick<LegacyDataset, 'id' | 'userId'>): void {
    this.#owners.set(dataset.id, dataset.userId);
  }

  /** Who made a dataset of this file. */
  of(datasetId: string): readonly Evidence[] {
    const owner = this.#owners.get(datasetId);
    if (owner === undefined) return [];
    const because = `It is of the dataset ${datasetId}, whose user_id names '${owner}'`;
    if (isSharedName(owner))
      return [{ source: 'dataset', owner, confidence: 'none', because: `${because}, which everybody may have borne.` }];
    return [{ source: 'dataset', owner, confidence: 'certain', because: `${because}.` }];
  }
}
