import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import type { Store } from '#catalog';
import { isOpenDatabaseFile } from '#database';
import { CATALOG_FILE } from '../catalog/catalog-files.js';
import { Config } from '../config/config.js';
import { isSameMark, markOf, readMark, type FileMark } from '../db-connection/file-mark.js';
import { Switches, type SwitchFinding } from '../db-connection/switches.service.js';
import { fileKind, isNamedLikeADatabase, isPassing } from './file-kind.js';
import { StrayOwner } from './stray-owner.service.js';

interface Examined {
  readonly mark: FileMark;
  /** Null for what is no database. */
  readonly finding: SwitchFinding | null;
}

/** Finds databases in the memory directory that are no memory of the catalog. They are left where they are, and never used. */
@Injectable()
export class UnknownFiles {
  readonly #log = new Logger(UnknownFiles.name);
  /** How files looked the last time: one that is being copied there is not looked into yet. */
  #seen = new Map<string, FileMark>();
  #examined = new Map<string, Examined>();

  constructor(
    private readonly config: Config,
    private readonly owners: StrayOwner,
    private readonly switches: Switches,
  ) {}

  /** @param names what is in the memory directory. @returns whether something is new that has to be looked at once more, soon. */
  async look(names: readonly string[], stores: readonly Store[]): Promise<boolean> {
    const known = new Set(stores.map(({ location }) => location));
    // Nothing keeps an operator from having both in one folder, under two names perhaps.
    const [memories, data] = [await readMark(this.config.memoryDir), await readMark(this.config.dataDir)];
    if (memories?.identity === data?.identity) known.add(CATALOG_FILE);
    const seen = new Map<string, FileMark>();
    const examined = new Map<string, Examined>();
    let again = false;
    for (const name of names) {
      if (known.has(name) || isPassing(name)) continue;
      const file = await lstat(join(this.config.memoryDir, name), { bigint: true }).catch(() => null);
      if (!file || (!file.isFile() && !file.isSymbolicLink())) continue;
      const mark = markOf(file);
      seen.set(name, mark);
      const earlier = this.#examined.get(name);
      if (earlier && isSameMark(earlier.mark, mark) && isStillSo(earlier, stores)) examined.set(name, earlier);
      else if (!isSameMark(this.#seen.get(name) ?? null, mark)) again = true;
      else if (isOpenDatabaseFile(mark.identity) && file.nlink === 1n) again = true;
      else examined.set(name, { mark, finding: await this.#examine(name, file, stores) });
    }
    this.#seen = seen;
    this.#tell(examined);
    return again;
  }

  #tell(examined: Map<string, Examined>): void {
    this.switches.settle(({ kind, file, storeId }) => {
      if ((kind !== 'second-file' && kind !== 'stray-file') || file === null) return false;
      const finding = examined.get(file)?.finding;
      return finding?.kind !== kind || finding.storeId !== storeId;
    });
    for (const [name, { finding }] of examined) {
      if (finding && this.#examined.get(name)?.finding !== finding) this.switches.report(finding);
    }
    this.#examined = examined;
  }

  async #examine(
    name: string,
    file: { readonly nlink: bigint; isSymbolicLink(): boolean },
    stores: readonly Store[],
  ): Promise<SwitchFinding | null> {
    const path = join(this.config.memoryDir, name);
    try {
      if (file.nlink > 1n || file.isSymbolicLink()) {
        const target = await readMark(path);
        const store = target && (await this.#withFile(target.identity, stores));
        if (store) return second(name, store, 'is a second name of the file of a memory');
        if (file.isSymbolicLink()) return isNamedLikeADatabase(name) ? stray(name, 'is a link to a file that is no memory') : null;
      }
      const kind = await fileKind(path);
      if (kind === 'other') return isNamedLikeADatabase(name) ? stray(name, 'is called like a database') : null;
      if (kind === 'sqlite') return stray(name, 'is an SQLite database');
      const owner = await this.owners.find(path);
      const store = owner && stores.find(({ storeId, userId }) => storeId === owner.storeId || userId === owner.userId);
      return store ? second(name, store, 'is another file of a person who has a memory') : stray(name, 'is a DuckDB database');
    } catch (error) {
      this.#log.warn({ file: name, err: error }, 'a file in the memory directory could not be looked into');
      return isNamedLikeADatabase(name) ? stray(name, 'is called like a database and can not be read') : null;
    }
  }

  /** The store whose file has this identity. */
  async #withFile(identity: string, stores: readonly Store[]): Promise<Store | null> {
    for (const store of stores) {
      const mark = await readMark(join(this.config.memoryDir, store.location));
      if (mark?.identity === identity) return store;
    }
    return null;
  }
}

/** Of a person who was erased there may be another file: it is nobody's then. */
function isStillSo({ finding }: Examined, stores: readonly Store[]): boolean {
  const storeId = finding?.storeId ?? null;
  return storeId === null || stores.some((store) => store.storeId === storeId);
}

const REMEDY = 'It is left as it is and never used. Move it out of the memory directory.';

function second(file: string, { storeId, userId }: Store, what: string): SwitchFinding {
  return { kind: 'second-file', storeId, userId, file, reason: `The file ${file} in the memory directory ${what}. ${REMEDY}` };
}

function stray(file: string, what: string): SwitchFinding {
  const reason = `The file ${file} in the memory directory ${what}, and the catalog does not know it. ${REMEDY}`;
  return { kind: 'stray-file', storeId: null, userId: null, file, reason };
}
