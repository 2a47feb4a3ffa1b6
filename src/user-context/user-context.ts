/** What an API key may be allowed to do. People with a token may do all of it. */
export const SCOPES = ['read', 'write', 'execute', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ['admin'] as const;
export type Role = (typeof ROLES)[number];

/** The person a request, or a piece of background work, is done for. */
export interface UserContext {
  /** Never changes, whatever name the person's token carries. */
  readonly userId: string;
  /** The issuer and the canonical name that the catalog knows the person by. */
  readonly issuer: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
  /** Set when an API key was used instead of a token. */
  readonly apiKeyId?: string;
}
