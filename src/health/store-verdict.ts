import type { StoreFacts } from '../db-connection/store-inspection.service.js';
import { megabytes, Verdict } from './verdict.js';

/** Of its quota, from where on a memory is said to be nearly full. */
const NEARLY_FULL = 0.9;
/** The log is folded in every 32 MB: one that has grown so far is not. */
const LOG_WARNING_BYTES = 256 * 1024 * 1024;

export type OwnerCheck = 'match' | 'mismatch' | 'unknown';

/** Whether a memory is the one that the catalog names: that is found out when it is opened, and a switch says so without that. */
export function ownerOf({ open, switches, rescue, fault }: StoreFacts): OwnerCheck {
  if (rescue !== null || fault?.kind === 'foreign') return 'mismatch';
  if (switches.some(({ kind }) => kind === 'foreign' || kind === 'replaced' || kind === 'overwritten')) return 'mismatch';
  return open ? 'match' : 'unknown';
}

/** What is to be said of a store, by what is known without opening it. */
export function judgeStore(verdict: Verdict, facts: StoreFacts, quotaBytes: number): void {
  const { store, exists, writable, fileBytes, walBytes, switches, rescue, fault } = facts;
  for (const { reason } of switches) verdict.fail(reason);
  if (rescue !== null && switches.length === 0) verdict.fail(rescue);
  if (store.state === 'moving' || store.state === 'archived') verdict.warn(`the memory is ${store.state}, and lent to nobody`);
  if (store.state === 'provisioning') return;
  if (fault !== null && !verdict.reasons.includes(fault.reason)) verdict.fail(fault.reason);
  if (!exists) {
    if (verdict.state !== 'unhealthy') verdict.fail('the file of the memory is missing: put it back, or restore a backup');
    return;
  }
  if (!writable && fault === null) verdict.fail('the file of the memory can not be written: make it writable for the server');
  if (fileBytes !== null && fileBytes >= quotaBytes) {
    verdict.fail(`the memory has reached the ${megabytes(quotaBytes)} of QUOTA_STORE_MB: delete executions, or have the quota raised`);
  } else if (fileBytes !== null && fileBytes >= NEARLY_FULL * quotaBytes) {
    verdict.warn(`the memory has ${megabytes(fileBytes)} of the ${megabytes(quotaBytes)} of QUOTA_STORE_MB`);
  }
  if (walBytes !== null && walBytes > LOG_WARNING_BYTES) {
    verdict.warn(
      `the write-ahead log has ${megabytes(walBytes)} and is not folded into the file: look for an error in the log of the server`,
    );
  }
}
