import { encryptionKey, jwtSecret, metricsToken, webhookSecret } from './secrets.js';
import { decimal, integer, list, oneOf, optional, postUrl, secureUrl, text, url, variable } from './value.js';

/** Every environment variable there is, in the order in which `.env.example` shows them. */
export const variables = {
  HOST: variable('127.0.0.1', text, 'Address to listen on; 0.0.0.0 for all (then put TLS in front).'),
  PORT: variable(8080, integer(0, 65_535), 'Port to listen on; 0 takes a free one.'),
  LOG_LEVEL: variable('info', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'Least severe level that is logged.'),
  MAX_BODY_MB: variable(4, integer(1, 1024), 'Largest JSON body, in MB; larger datasets are uploaded as files.'),
  MAX_UPLOAD_MB: variable(256, integer(1, 10_240), 'Largest uploaded file, in MB.'),
  SHUTDOWN_NOTICE_SECONDS: variable(
    2,
    decimal(0, 3600),
    'How long the server goes on at shutdown while it says that it is not ready, so that a load balancer can leave it out.',
  ),
  SHUTDOWN_DRAIN_SECONDS: variable(20, integer(0, 3600), 'How long requests in flight may still run at shutdown.'),

  DATA_DIR: variable('./data', text, 'Directory of the catalog, generated secrets, archives and backups.'),
  VIOLENTUTF_MEMORY_DIR: optional(text, 'Directory of the memories, one file per user (empty: memory in DATA_DIR).'),
  VIOLENTUTF_MEMORY_PATH: optional(text, 'Overrides VIOLENTUTF_MEMORY_DIR.'),
  PYRIT_DB_SALT: optional(text, 'Salt of memory file names (empty: generated at the first start); it can never change afterwards.'),
  ENCRYPTION_KEY: optional(encryptionKey, 'Key for stored secrets, 32 bytes in base64 (empty: generated in DATA_DIR).'),
  DATABASE_URL: optional(
    url('postgres:', 'postgresql:'),
    'PostgreSQL instead of embedded DuckDB: postgresql://user:password@host/database.',
  ),
  DB_MAX_OPEN: variable(200, integer(1, 100_000), 'How many memories are open at once; idle ones are closed first.'),
  DB_MEMORY_LIMIT_MB: variable(
    1024,
    integer(64, 1_048_576),
    'How much of its file the engine may hold in memory for each open memory, in MB.',
  ),
  DB_CONNECTION_TIMEOUT: variable(30, integer(1, 3600), 'Seconds to wait for a database that another process holds.'),
  DB_MAX_RETRIES: variable(3, integer(0, 100), 'How often opening such a database is tried again within that time.'),
  MEMORY_CHECK_SECONDS: variable(
    15,
    decimal(0.01, 3600),
    'Seconds between two looks at the memory directory: whether every memory is in its place, and nothing else is there.',
  ),
  DISK_WARNING_MB: variable(1024, integer(0, 1_000_000_000), 'Free space on the disk of the data below which health warns, in MB.'),
  DISK_LEAST_MB: variable(256, integer(0, 1_000_000_000), 'Free space below which the server is not ready any more, in MB.'),
  BACKUP_DIR: optional(text, 'Directory of the backups (empty: backups in DATA_DIR); better on another disk.'),
  BACKUP_EVERY_HOURS: variable(24, decimal(0, 500), 'Hours from one backup of everything to the next; 0 makes none by itself.'),
  BACKUP_KEEP_LAST: variable(7, integer(1, 10_000), 'How many of the newest backups are kept.'),
  BACKUP_KEEP_DAILY: variable(7, integer(0, 10_000), 'Of how many days the newest backup is kept besides.'),
  BACKUP_KEEP_WEEKLY: variable(4, integer(0, 10_000), 'Of how many weeks the newest backup is kept besides.'),
  COMPACT_EVERY_HOURS: variable(
    24,
    decimal(0, 500),
    'Hours from one look for bloated memories, which are written anew when nobody uses them, to the next; 0 never looks.',
  ),
  COMPACT_FREE_MB: variable(64, decimal(0.1, 1_048_576), 'What must be free in a file, in MB, and at least half of it, to be bloated.'),
  LEGACY_ROOTS: variable('', list, 'Directories, separated by commas, that are searched for databases of ViolentUTF and PyRIT.'),
  LEGACY_SALTS: variable('', list, 'Former values of PYRIT_DB_SALT, separated by commas, by which such files may be named.'),

  JWT_SECRET_KEY: optional(jwtSecret, 'Secret of HS256 tokens, 32 bytes or more (empty: generated in DATA_DIR unless OIDC_ISSUER is set).'),
  OIDC_ISSUER: optional(secureUrl, 'Issuer of RS256 and ES256 tokens, for example a Keycloak realm.'),
  OIDC_AUDIENCE: optional(text, 'Audience that those tokens must carry; needed with OIDC_ISSUER.'),
  OIDC_ADMIN_CLAIM: optional(text, 'Claim of those tokens that makes an administrator, a path with dots: realm_access.roles.'),
  OIDC_ADMIN_VALUE: variable('admin', text, 'Value that the claim must have or contain.'),
  ADMIN_USERS: variable('', list, 'Administrators, separated by commas: names of shared-secret users, or issuer|subject.'),
  SINGLE_USER: optional(text, 'Name of the only user: no token is needed, and only this machine is served.'),

  ORCHESTRATOR_POOL_SIZE: variable(
    20,
    integer(0, 10_000),
    'How many compiled orchestrators (clients, converters, scorers) are kept for the next execution; 0 keeps none.',
  ),
  ORCHESTRATOR_TTL_MINUTES: variable(30, decimal(0.001, 100_000), 'Minutes after its last use until a compiled orchestrator is dropped.'),

  EXECUTION_STALLED_MINUTES: variable(
    15,
    decimal(0.001, 100_000),
    'Minutes without any progress after which a running execution counts as stalled; longer than any answer may take.',
  ),
  BREAKER_WARNING_SECONDS: variable(
    30,
    decimal(0.001, 1_000_000),
    'Seconds that an execution may wait for an endpoint that is down until health warns.',
  ),

  QUOTA_STORE_MB: variable(10_240, integer(1, 10_000_000), 'Largest memory of one user, in MB.'),
  QUOTA_EXECUTIONS: variable(10_000, integer(1, 10_000_000), 'Most executions of one user.'),
  QUOTA_PROMPTS_PER_DATASET: variable(100_000, integer(1, 10_000_000), 'Most prompts in one dataset.'),

  RETENTION_DAYS: optional(
    integer(1, 36_500),
    'Days after which ended executions and conversations of everybody are removed; people may set less for themselves (empty: they are kept).',
  ),
  RETENTION_EVERY_HOURS: variable(24, decimal(0.0001, 500), 'Hours between two looks for what is no longer to be kept.'),

  GENERATOR_ALLOW_PRIVATE: variable('', list, 'Hosts and CIDR ranges in private networks that generators may call, separated by commas.'),
  GENERATOR_SECRET_ENV: variable(
    '',
    list,
    'Environment variables that all users may name as the credential of a generator, and so send anywhere; separated by commas.',
  ),
  GENERATOR_SECRET_DIR: optional(text, 'Directory whose files all users may name as the credential of a generator, and so send anywhere.'),
  OUTBOUND_TIMEOUT_SECONDS: variable(300, integer(1, 3600), 'Longest time that one outgoing request may take.'),
  OUTBOUND_MAX_IN_FLIGHT: variable(
    200,
    integer(1, 10_000),
    'Most requests at once to one endpoint with one credential, of all users together.',
  ),
  OUTBOUND_MAX_RESPONSE_MB: variable(4, integer(1, 1024), 'Largest answer that is read from a model, in MB.'),
  HTTPS_PROXY: optional(
    url('http:', 'https:'),
    'Proxy for outgoing https requests; it resolves names itself, so it must keep private addresses out.',
  ),
  NO_PROXY: variable('', list, 'Hosts that are called without the proxy, separated by commas.'),
  NODE_EXTRA_CA_CERTS: optional(
    text,
    'PEM file of further certificate authorities (Node reads it before .env: set it in the real environment).',
  ),
  METRICS_TOKEN: optional(
    metricsToken,
    'Bearer token of a scraper that reads /metrics from another machine, 16 characters or more; it opens nothing else.',
  ),
  ALERT_WEBHOOK_URL: optional(postUrl, 'Where alerts are posted; it may be a private address.'),
  ALERT_WEBHOOK_SECRET: optional(
    webhookSecret,
    'Secret that they are signed with: whsec_ and 24 to 64 bytes in base64 (empty: generated in DATA_DIR when there is a webhook).',
  ),
} as const;

export type VariableName = keyof typeof variables;

/** What the environment says, each variable by its own type. */
export type Values = { readonly [Name in VariableName]: ReturnType<(typeof variables)[Name]['parse']> };
