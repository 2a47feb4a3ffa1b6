import { callbackify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import jwt, { type Algorithm } from 'jsonwebtoken';
import passport from 'passport';
import passportJwt, { type SecretOrKeyProvider, type VerifiedCallback } from 'passport-jwt';
import type { Identity, SeenClaim } from '#catalog';
import { DomainError } from '#core';
import { Config, type OidcConfig } from '../config/config.js';
import { claimsIn, hasClaim, oidcIdentity, sharedSecretIdentity, Unidentified, type Claims } from './canonical-user.js';
import { IssuerKeys, OIDC_ALGORITHMS } from './issuer-keys.js';
import { tokenShape } from './token-shape.js';
import { unauthorized } from './unauthorized.js';

/** Who a token is for. */
export interface TokenHolder extends Identity {
  /** By the configured claim of an OIDC issuer. A shared-secret token can't say it of itself. */
  readonly admin: boolean;
  /** The names in it. */
  readonly claims: readonly SeenClaim[];
}

/** For clocks that are not quite right. */
const LEEWAY_SECONDS = 30;

/**
 * Verifies bearer tokens with passport-jwt: one strategy for the shared secret, one for the OIDC issuer, each with algorithms of its own, so that a
 * token never chooses how it is checked. The strategies live in a Passport of this application rather than in the global one.
 */
@Injectable()
export class TokenVerifier {
  readonly #passport = new passport.Passport();

  constructor(
    private readonly config: Config,
    @Inject(IssuerKeys) issuerKeys: IssuerKeys | null,
  ) {
    if (config.jwtSecret !== null) this.#passport.use('shared-secret', sharedSecretStrategy(config.jwtSecret));
    if (config.oidc !== null && issuerKeys !== null) this.#passport.use('oidc', oidcStrategy(config.oidc, issuerKeys));
  }

  /** Who the token in `Authorization` is for. @throws Problem (401); Unavailable when the issuer's keys can't be fetched. */
  verify(request: Request, response: Response, token: string): Promise<TokenHolder> {
    const strategy = this.#strategyFor(token);
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, holder: unknown, info: unknown): void => {
        if (error) reject(error);
        else if (holder) resolve(holder as TokenHolder);
        else reject(refusal(info));
      };
      const authenticate = this.#passport.authenticate(strategy, { session: false }, done) as (
        request: Request,
        response: Response,
        next: (error: Error) => void,
      ) => void;
      authenticate(request, response, reject);
    });
  }

  /** By the issuer that the token claims: that alone is taken from it before it is verified, and it only chooses who shall refuse it. */
  #strategyFor(token: string): 'oidc' | 'shared-secret' {
    const shape = tokenShape(token);
    if (!shape) throw unauthorized('The token is not one that this server accepts.');
    const { oidc, jwtSecret } = this.config;
    return jwtSecret === null || (oidc !== null && shape.issuer === oidc.issuer) ? 'oidc' : 'shared-secret';
  }
}

function sharedSecretStrategy(secret: string): passport.Strategy {
  return strategy({ secretOrKey: secret, algorithms: ['HS256'] }, (claims) => ({
    ...sharedSecretIdentity(claims),
    admin: false,
    claims: claimsIn(claims, { oidc: false }),
  }));
}

function oidcStrategy(oidc: OidcConfig, keys: IssuerKeys): passport.Strategy {
  const keyOf = callbackify(async (token: string): Promise<string> => {
    const shape = tokenShape(token);
    const algorithm = OIDC_ALGORITHMS.find((name) => name === shape?.algorithm);
    const pem = algorithm === undefined ? null : await keys.find(shape?.keyId, algorithm);
    if (pem === null) throw new jwt.JsonWebTokenError('The issuer has no key for this token.');
    return pem;
  });
  return strategy(
    {
      secretOrKeyProvider: (_request, token: string, done) => keyOf(token, done),
      algorithms: [...OIDC_ALGORITHMS],
      issuer: oidc.issuer,
      audience: oidc.audience,
    },
    (claims) => ({
      ...oidcIdentity(oidc.issuer, claims),
      admin: oidc.adminClaim !== null && hasClaim(claims, oidc.adminClaim, oidc.adminValue),
      claims: claimsIn(claims, { oidc: true }),
    }),
  );
}

type KeyOptions = { readonly algorithms: Algorithm[]; readonly issuer?: string; readonly audience?: string } & (
  { readonly secretOrKey: string } | { readonly secretOrKeyProvider: SecretOrKeyProvider }
);

function strategy(options: KeyOptions, holderOf: (claims: Claims) => TokenHolder): passport.Strategy {
  return new passportJwt.Strategy(
    {
      ...options,
      jwtFromRequest: passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken(),
      jsonWebTokenOptions: { clockTolerance: LEEWAY_SECONDS },
    },
    (claims: Claims, done: VerifiedCallback) => {
      try {
        // The library checks an expiry that is there; one that is missing would be a token for ever.
        if (typeof claims['exp'] !== 'number') throw new Unidentified('The token has no expiry (exp).');
        done(null, holderOf(claims));
      } catch (error) {
        done(error instanceof Unidentified ? null : error, false, error);
      }
    },
  );
}

/** What the holder of a refused token is told. The reasons of the library are not passed on: they may quote the token. */
function refusal(reason: unknown): Error {
  if (reason instanceof DomainError) return reason;
  if (reason instanceof Unidentified) return unauthorized(reason.message);
  if (reason instanceof jwt.TokenExpiredError) return unauthorized('The token has expired. Get a new one.');
  if (reason instanceof jwt.NotBeforeError)
    return unauthorized('The token is not valid yet. Check the clocks of its issuer and of this server.');
  const audience = reason instanceof Error && reason.message.startsWith('jwt audience invalid');
  return unauthorized(audience ? 'The token is for another audience.' : 'The token is not one that this server accepts.');
}
