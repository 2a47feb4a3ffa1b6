import { Injectable, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Identity, SeenClaim } from '#catalog';
import { CatalogService } from '../catalog/catalog.service.js';
import { Config } from '../config/config.js';
import { IdentityFlipReports } from '../db-connection/identity-flip-reports.service.js';
import { ROLES, SCOPES, type Role, type Scope, type UserContext } from '../user-context/user-context.js';
import { canonicalName, SHARED_SECRET, Unidentified } from './canonical-user.js';
import { credentialOf } from './credential.js';
import { requireLocal } from './single-user.js';
import { TokenVerifier } from './token-verifier.js';
import { unauthorized } from './unauthorized.js';

/** Finds out who sends a request. */
@Injectable()
export class AuthenticationService {
  readonly #logger = new Logger('AuthenticationService');
  readonly #admins: ReadonlySet<string>;
  readonly #singleUser: Identity | null;

  constructor(
    config: Config,
    private readonly catalog: CatalogService,
    private readonly tokens: TokenVerifier,
    private readonly flips: IdentityFlipReports,
  ) {
    this.#admins = new Set(config.adminUsers.map((name) => (name.includes('|') ? name : configuredName('ADMIN_USERS', name))));
    this.#singleUser =
      config.singleUser === null ? null : { issuer: SHARED_SECRET, name: configuredName('SINGLE_USER', config.singleUser) };
  }

  /** The sender, by token or API key; in single-user mode by being on this machine. @throws Problem (401, 403), IdentityChanged, Unavailable */
  async authenticate(request: Request, response: Response): Promise<UserContext> {
    const credential = credentialOf(request.headers);
    if (credential?.kind === 'api-key') return this.#byApiKey(credential.value);
    if (credential) {
      const holder = await this.tokens.verify(request, response, credential.value);
      return this.#person(holder, holder.admin, holder.claims);
    }
    if (!this.#singleUser) {
      throw unauthorized('Send a token (Authorization: Bearer …) or an API key (X-API-Key).', 'no-credential');
    }
    requireLocal(request);
    // Alone on their own machine: nobody else could be the administrator.
    return this.#person(this.#singleUser, true, []);
  }

  async #person({ issuer: from, name: called }: Identity, admin: boolean, claims: readonly SeenClaim[]): Promise<UserContext> {
    const identity = { issuer: from, name: called };
    const { userId, issuer, name } = await this.flips.watch(() => this.catalog.users.recognise(identity, claims));
    const roles = await this.#rolesOf(userId, [identity, { issuer, name }], admin);
    return { userId, issuer, name, roles, scopes: SCOPES };
  }

  async #byApiKey(secret: string): Promise<UserContext> {
    const holder = await this.catalog.apiKeys.authenticate(secret);
    if (!holder) throw unauthorized('The API key is unknown, expired or revoked.', 'invalid-api-key');
    const { keyId: apiKeyId, userId } = holder.key;
    this.catalog.apiKeys.touch(apiKeyId).catch((error: unknown) => {
      this.#logger.warn({ apiKeyId, err: error }, 'The last use of an API key could not be noted');
    });
    const scopes = SCOPES.filter((scope: Scope) => holder.key.scopes.includes(scope));
    const roles = scopes.includes('admin') ? await this.#rolesOf(userId, [holder.user], false) : [];
    return { userId, ...holder.user, roles, scopes, apiKeyId };
  }

  async #rolesOf(userId: string, identities: readonly Identity[], admin: boolean): Promise<readonly Role[]> {
    if (admin || identities.some(({ name }) => this.#admins.has(name))) return ROLES;
    const granted = await this.catalog.roles.of(userId);
    return ROLES.filter((role) => granted.includes(role));
  }
}

/** @throws Error that stops the boot, in a sentence. */
function configuredName(variable: string, name: string): string {
  try {
    return canonicalName(name);
  } catch (error) {
    if (!(error instanceof Unidentified)) throw error;
    throw new Error(`${variable} can't be used: ${error.message}`, { cause: error });
  }
}
