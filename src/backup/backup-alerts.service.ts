import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AlertsService } from '../alerts/alerts.service.js';
import { BackupService } from './backup.service.js';

const FAILED = 'backup-failed';
const PARTIAL = 'backup-partial';

/** Alerts operators when a backup of everything was not made, or lacks a memory, until one is made that is whole. */
@Injectable()
export class BackupAlerts implements OnModuleDestroy {
  readonly #end: () => void;

  constructor(backups: BackupService, alerts: AlertsService) {
    this.#end = backups.subscribe({
      failed: ({ id, userId, failure }) => {
        if (userId !== null) return;
        const summary = `The backup was not made. ${failure ?? ''} Until one is, what is lost now is lost.`;
        alerts.raise({ type: FAILED, severity: 'critical', fingerprint: FAILED, summary, details: { backupId: id } });
      },
      succeeded: ({ id, userId, skipped }) => {
        if (userId !== null) return;
        alerts.resolve(FAILED);
        if (skipped.length === 0) alerts.resolve(PARTIAL);
        else {
          const summary = `The backup lacks memories (${skipped.length}): its list \`skipped\` says which, and why. See /api/v2/backups/${id}.`;
          alerts.raise({ type: PARTIAL, severity: 'warning', fingerprint: PARTIAL, summary, details: { backupId: id } });
        }
      },
    });
  }

  onModuleDestroy(): void {
    this.#end();
  }
}
