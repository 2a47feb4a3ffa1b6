import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@nestjs/common';
import type { Store } from '#catalog';
import type { MemoryReaders, MemoryStore, Owner, OwnerAlias } from '#memory';
import type { CatalogService } from '../catalog/catalog.service.js';

/** Whose a store is, as the catalog has it now. */
export async function ownerOf(catalog: Pick<CatalogService, 'users' | 'aliases'>, store: Store): Promise<Owner> {
  const { issuer, name } = await catalog.users.get(store.userId);
  return { store_id: store.storeId, user_id: store.userId, issuer, name, aliases: await aliasesOf(catalog, store.userId) };
}

/** Writes a person's identities, as the catalog has them now, into their memory. */
export async function writeAliases(catalog: CatalogService, memory: MemoryStore, userId: string): Promise<void> {
  const unknown = async ({ owner }: MemoryReaders): Promise<readonly OwnerAlias[] | null> => {
    const aliases = await aliasesOf(catalog, userId);
    return isDeepStrictEqual((await owner.find())?.aliases, aliases) ? null : aliases;
  };
  if ((await memory.read(unknown)) === null) return;
  await memory.transact(async (writers) => {
    // Asked again, where writers wait for each other: of two changes at once, the later one stays.
    const aliases = await unknown(writers);
    if (aliases) await writers.owner.setAliases(aliases);
  });
}

/** For those that could not be written: a full disk must not keep anybody from reading. */
export function aliasesNotWritten(log: Logger, { storeId, userId }: Store) {
  return (error: unknown): void => {
    log.warn({ storeId, userId, err: error }, 'the aliases could not be written into the memory; they will be when it is next opened');
  };
}

async function aliasesOf(catalog: Pick<CatalogService, 'aliases'>, userId: string): Promise<readonly OwnerAlias[]> {
  return (await catalog.aliases.list(userId)).map(({ issuer, name }) => ({ issuer, name }));
}
