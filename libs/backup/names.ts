const NAME = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
const DRAFT = '.draft';

/** The name of the folder of a backup: its time, and a part of its id, because two may begin in one second. */
export function nameOf({ id, begunAt }: { readonly id: string; readonly begunAt: string }): string {
  return `${begunAt.replaceAll(/[-:]|\.\d+/g, '')}-${id.slice(-8)}`;
}

/** What a folder is called until it is a backup, and when it is one no more. */
export function draftOf(name: string): string {
  return name + DRAFT;
}

/** Whether a folder is called like a backup, a draft of one, or neither. */
export function kindOfName(folder: string): 'backup' | 'draft' | null {
  if (NAME.test(folder)) return 'backup';
  return folder.endsWith(DRAFT) && NAME.test(folder.slice(0, -DRAFT.length)) ? 'draft' : null;
}
