import { Injectable } from '@nestjs/common';
import type { Identity } from '#catalog';
import { InvalidInput } from '#core';
import { Config } from '../config/config.js';
import { canonicalName, oidcIdentity, SHARED_SECRET, Unidentified } from './canonical-user.js';

/** Identities as administrators write them. */
@Injectable()
export class NamedIdentity {
  constructor(private readonly config: Config) {}

  /** The identity that a token with this name will have. @throws InvalidInput */
  of({ issuer, name }: Identity): Identity {
    try {
      if (issuer === SHARED_SECRET) return { issuer, name: canonicalName(name) };
      if (issuer === this.config.oidc?.issuer) {
        return oidcIdentity(issuer, { sub: name.startsWith(`${issuer}|`) ? name.slice(issuer.length + 1) : name });
      }
    } catch (error) {
      if (!(error instanceof Unidentified)) throw error;
      throw new InvalidInput(error.message, [{ pointer: '/name', detail: 'must be a name that tokens of this issuer can carry' }]);
    }
    const known = [SHARED_SECRET, ...(this.config.oidc ? [this.config.oidc.issuer] : [])];
    throw new InvalidInput('No tokens of this issuer are accepted.', [
      { pointer: '/issuer', detail: `must be one of: ${known.join(', ')}` },
    ]);
  }
}
