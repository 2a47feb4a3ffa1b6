import { join } from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Store } from '#catalog';
import { StoreSwitched } from '#core';
import { lastCheckpoint } from '#database';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { formatMark, parseMark, readMark, type FileMark } from './file-mark.js';
import { Switches } from './switches.service.js';

/** Stands among the marks, and says whether the last server closed all memories before it ended. */
const CLEAN = 'clean-end';

type StorePlaced = Pick<Store, 'storeId' | 'location'>;

/** A memory whose file may have been cut off. */
export class FileShortened extends StoreSwitched {
  constructor() {
    super(
      "Your memory can't be read as a whole: its file got shorter while this server did not write it. It is refused, and nothing was changed. " +
        'An administrator has to put the right file back, or restore a backup.',
    );
  }
}

/** A file is left as it is now; or not, when it was found to be another's or could not be closed well: then it is looked into. */
export type FileEnd = (left: 'as-ours' | 'in-doubt') => Promise<void>;

/**
 * How the files of closed memories were left. While one is being opened, is open or is being closed, what happens to its file is our own doing; from
 * then on it must stay as it is. The marks are kept in the catalog, so that what is changed while no server runs shows as well.
 */
@Injectable()
export class StoreFiles implements OnModuleInit {
  readonly #log = new Logger(StoreFiles.name);
  readonly #marks = new Map<string, FileMark>();
  /** The last checkpoints of the files that nobody of ours has opened since. After a crash a file may be another than its mark by our own doing. */
  readonly #checkpoints = new Map<string, bigint>();
  /** How often each store is being opened or open: a store has one place, but a link may lead two to one file. */
  readonly #ours = new Map<string, number>();
  readonly #doubted = new Set<string>();
  #unkept = new Set<string>();

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly switches: Switches,
  ) {}

  async onModuleInit(): Promise<void> {
    const marks = await this.catalog.storeMarks.all();
    for (const [storeId, text] of marks) {
      const [mark, checkpoint] = [parseMark(text), /checkpoint (\d+)$/.exec(text)?.[1]];
      if (!mark) continue;
      this.#marks.set(storeId, mark);
      if (marks.get(CLEAN) === 'yes' && checkpoint !== undefined) this.#checkpoints.set(storeId, BigInt(checkpoint));
    }
    await this.#keepClean('no');
  }

  /** From here on the file is ours. @returns what is to be called when nobody has it open any more; only the first call counts. */
  begin(store: StorePlaced): FileEnd {
    const { storeId } = store;
    this.#ours.set(storeId, (this.#ours.get(storeId) ?? 0) + 1);
    this.#checkpoints.delete(storeId);
    let ended = false;
    return async (left) => {
      if (ended) return;
      ended = true;
      if (left === 'as-ours') await this.#leave(store);
      const others = (this.#ours.get(storeId) ?? 1) - 1;
      if (others > 0) this.#ours.set(storeId, others);
      else this.#ours.delete(storeId);
    };
  }

  isOurs(storeId: string): boolean {
    return this.#ours.has(storeId);
  }

  /** How many bytes shorter a file is than it was left; 0 when it is not, or is another file, or is being read as a whole. */
  async shortage({ storeId, location }: StorePlaced): Promise<number> {
    const [left, checkpoint] = [this.find(storeId), this.#checkpoints.get(storeId)];
    if (!left || checkpoint === undefined || this.#doubted.has(storeId)) return 0;
    const path = join(this.config.memoryDir, location);
    const mark = await readMark(path).catch(() => null);
    if (mark?.identity !== left.identity || mark.bytes >= left.bytes) return 0;
    // An engine may have made it shorter: ours, later than it said, or that of somebody who has looked into it.
    const now = await lastCheckpoint(path).catch(() => null);
    return now !== null && now > checkpoint ? 0 : left.bytes - mark.bytes;
  }

  /** Tells of a file that was cut off. */
  report({ storeId, userId, location }: Store, shortage: number): void {
    const reason =
      `The file ${location} of a memory lost ${shortage} bytes while this server did not write it. It is refused until all of it could be read: ` +
      'put the right file back, or restore a backup.';
    this.switches.report({ kind: 'shrunk', storeId, userId, file: location, reason });
  }

  /** A file that was cut off can be opened all the same: its memory is refused until all of it was read. @returns what to refuse it with. */
  doubt(store: Store, shortage: number): FileShortened {
    this.#doubted.add(store.storeId);
    this.report(store, shortage);
    return new FileShortened();
  }

  /** All of a file was read. */
  trust(storeId: string): void {
    this.#doubted.delete(storeId);
    this.switches.settle((found) => found.kind === 'shrunk' && found.storeId === storeId);
  }

  isDoubted(storeId: string): boolean {
    return this.#doubted.has(storeId);
  }

  /** @throws FileShortened */
  assertTrusted(storeId: string): void {
    if (this.#doubted.has(storeId)) throw new FileShortened();
  }

  /** How the file was left, or null when that is not known. */
  find(storeId: string): FileMark | null {
    return this.#marks.get(storeId) ?? null;
  }

  /** Takes a file as it is. */
  note(storeId: string, mark: FileMark): void {
    this.#marks.set(storeId, mark);
    this.#unkept.add(storeId);
  }

  /** The end of the server: nothing is open any more, so that all marks are exact at the next start. */
  async finish(): Promise<void> {
    await this.keep();
    if (this.#unkept.size === 0 && this.#ours.size === 0) await this.#keepClean('yes');
  }

  /** Writes what is new into the catalog. What can't be written is another time: until then a restart looks into a few files more. */
  async keep(): Promise<void> {
    const unkept = this.#unkept;
    if (unkept.size === 0) return;
    this.#unkept = new Set();
    const marks = [...unkept].flatMap((storeId) => {
      const mark = this.#marks.get(storeId);
      const checkpoint = this.#checkpoints.get(storeId);
      return mark ? [[storeId, `${formatMark(mark)}${checkpoint === undefined ? '' : ` checkpoint ${checkpoint}`}`] as const] : [];
    });
    try {
      await this.catalog.storeMarks.write(new Map(marks));
    } catch (error) {
      for (const storeId of unkept) this.#unkept.add(storeId);
      this.#log.warn({ stores: unkept.size, err: error }, 'how the files of memories were left could not be kept');
    }
  }

  async #leave({ storeId, location }: StorePlaced): Promise<void> {
    // Until it is known to be whole it is not as it should be.
    if (this.#doubted.has(storeId)) return;
    // What can't be looked at is taken for changed, and looked into.
    const path = join(this.config.memoryDir, location);
    const mark = await readMark(path).catch(() => null);
    const checkpoint = mark && (await lastCheckpoint(path).catch(() => null));
    if (mark) this.note(storeId, mark);
    if (checkpoint !== null) this.#checkpoints.set(storeId, checkpoint);
  }

  async #keepClean(clean: 'yes' | 'no'): Promise<void> {
    await this.catalog.storeMarks.write(new Map([[CLEAN, clean]])).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'how the files of memories were left could not be kept');
    });
  }
}
