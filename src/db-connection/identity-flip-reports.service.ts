import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { IdentityChanged } from '#core';
import { CatalogService } from '../catalog/catalog.service.js';
import { Switches } from './switches.service.js';

/** Tells of people who are refused because their token names them anew. The catalog knows who they are; here are ids only. */
@Injectable()
export class IdentityFlipReports implements OnApplicationBootstrap {
  constructor(
    private readonly catalog: CatalogService,
    private readonly switches: Switches,
  ) {}

  /** Those of whom nobody has decided before the server was started anew. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { userId, storeId } of await this.catalog.identityFlips.refused()) this.#report(userId, storeId);
  }

  /** Runs `fn`, and tells of it when it fails for a name that has changed. */
  async watch<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      if (error instanceof IdentityChanged) this.#report(error.userId, error.storeId);
      throw error;
    }
  }

  /** An administrator has decided of somebody. */
  async decided(): Promise<void> {
    const refused = new Set((await this.catalog.identityFlips.refused()).map(({ storeId }) => storeId));
    this.switches.settle(({ kind, storeId }) => kind === 'identity' && storeId !== null && !refused.has(storeId));
  }

  #report(userId: string, storeId: string): void {
    this.switches.report({
      kind: 'identity',
      storeId,
      userId,
      file: null,
      reason:
        'a token names somebody new, but carries a name by which this user is known; it is refused, and no memory was made. ' +
        'GET /api/v2/identity-flips tells which name: bind it (POST /api/v2/users/:id/aliases), or say that it is somebody else ' +
        '(POST /api/v2/users/:id/strangers)',
    });
  }
}
