import { join, resolve } from 'node:path';
import type { Values } from './variables.js';

const MB = 1024 * 1024;

/** The issuer whose tokens are accepted, and what in them makes an administrator. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  /** A path with dots into the claims, or null when no claim makes an administrator. */
  readonly adminClaim: string | null;
  readonly adminValue: string;
}

/** The secrets that come from the environment or from files of the data directory. */
export interface Secrets {
  readonly salt: string;
  readonly encryptionKey: Buffer;
  /** Null when only tokens of an OIDC issuer are accepted. */
  readonly jwtSecret: string | null;
  /** Null when there is no webhook. */
  readonly webhookKey: Buffer | null;
}

/** Where alerts are posted, and the key that they are signed with. */
export interface AlertWebhook {
  readonly url: string;
  readonly key: Buffer;
}

/** What the server was told at its start: validated, complete, frozen. Directories are absolute. Read it with `readConfig`. */
export class Config {
  readonly host: string;
  readonly port: number;
  readonly logLevel: Values['LOG_LEVEL'];
  readonly maxBodyBytes: number;
  readonly maxUploadBytes: number;
  readonly shutdownNoticeMs: number;
  readonly shutdownDrainMs: number;

  readonly dataDir: string;
  readonly memoryDir: string;
  /** Part of the names of memory files. */
  readonly salt: string;
  /** 32 bytes. */
  readonly encryptionKey: Buffer;
  readonly databaseUrl: string | null;
  readonly dbMaxOpen: number;
  readonly dbMemoryLimitMb: number;
  readonly dbConnectionTimeoutMs: number;
  readonly dbMaxRetries: number;
  readonly memoryCheckMs: number;
  readonly backup: {
    readonly dir: string;
    /** Null when none is made by itself. */
    readonly everyMs: number | null;
    readonly retention: { readonly last: number; readonly daily: number; readonly weekly: number };
  };
  readonly compaction: {
    /** Null when nothing is compacted by itself, but the catalog. */
    readonly everyMs: number | null;
    readonly leastFreeBytes: number;
  };
  readonly legacyRoots: readonly string[];
  readonly legacySalts: readonly string[];

  /** Null when only tokens of an OIDC issuer are accepted. */
  readonly jwtSecret: string | null;
  readonly oidc: OidcConfig | null;
  readonly adminUsers: readonly string[];
  readonly singleUser: string | null;

  readonly orchestratorPoolSize: number;
  readonly orchestratorTtlMs: number;

  readonly quotas: { readonly storeBytes: number; readonly executions: number; readonly promptsPerDataset: number };
  readonly retention: { readonly days: number | null; readonly everyMs: number };
  readonly generators: {
    readonly allowPrivate: readonly string[];
    readonly secretEnv: readonly string[];
    readonly secretDir: string | null;
  };
  readonly outbound: {
    readonly timeoutMs: number;
    /** Of all users together, to one endpoint with one credential. */
    readonly maxInFlight: number;
    readonly maxResponseBytes: number;
    readonly proxy: string | null;
    readonly noProxy: readonly string[];
    readonly extraCaFile: string | null;
  };
  /** From where on something is said to be unwell. */
  readonly health: {
    readonly diskWarningBytes: number;
    readonly diskLeastBytes: number;
    readonly stalledMs: number;
    readonly breakerWarningMs: number;
  };
  /** What a scraper may send to read the metrics from another machine. */
  readonly metricsToken: string | null;
  readonly alertWebhook: AlertWebhook | null;

  /** @param values checked together by `readConfig`; relative directories are taken from the working directory. */
  constructor(values: Values, secrets: Secrets) {
    this.host = values.HOST;
    this.port = values.PORT;
    this.logLevel = values.LOG_LEVEL;
    this.maxBodyBytes = values.MAX_BODY_MB * MB;
    this.maxUploadBytes = values.MAX_UPLOAD_MB * MB;
    this.shutdownNoticeMs = values.SHUTDOWN_NOTICE_SECONDS * 1000;
    this.shutdownDrainMs = values.SHUTDOWN_DRAIN_SECONDS * 1000;

    this.dataDir = resolve(values.DATA_DIR);
    this.memoryDir = resolve(values.VIOLENTUTF_MEMORY_PATH ?? values.VIOLENTUTF_MEMORY_DIR ?? join(values.DATA_DIR, 'memory'));
    this.salt = secrets.salt;
    this.encryptionKey = secrets.encryptionKey;
    this.databaseUrl = values.DATABASE_URL;
    this.dbMaxOpen = values.DB_MAX_OPEN;
    this.dbMemoryLimitMb = values.DB_MEMORY_LIMIT_MB;
    this.dbConnectionTimeoutMs = values.DB_CONNECTION_TIMEOUT * 1000;
    this.dbMaxRetries = values.DB_MAX_RETRIES;
    this.memoryCheckMs = values.MEMORY_CHECK_SECONDS * 1000;
    this.backup = Object.freeze({
      dir: resolve(values.BACKUP_DIR ?? join(values.DATA_DIR, 'backups')),
      everyMs: hours(values.BACKUP_EVERY_HOURS),
      retention: Object.freeze({ last: values.BACKUP_KEEP_LAST, daily: values.BACKUP_KEEP_DAILY, weekly: values.BACKUP_KEEP_WEEKLY }),
    });
    this.compaction = Object.freeze({ everyMs: hours(values.COMPACT_EVERY_HOURS), leastFreeBytes: values.COMPACT_FREE_MB * MB });
    this.legacyRoots = Object.freeze(values.LEGACY_ROOTS.map((root) => resolve(root)));
    this.legacySalts = values.LEGACY_SALTS;

    this.jwtSecret = secrets.jwtSecret;
    this.oidc =
      values.OIDC_ISSUER === null || values.OIDC_AUDIENCE === null
        ? null
        : Object.freeze({
            issuer: values.OIDC_ISSUER,
            audience: values.OIDC_AUDIENCE,
            adminClaim: values.OIDC_ADMIN_CLAIM,
            adminValue: values.OIDC_ADMIN_VALUE,
          });
    this.adminUsers = values.ADMIN_USERS;
    this.singleUser = values.SINGLE_USER;

    this.orchestratorPoolSize = values.ORCHESTRATOR_POOL_SIZE;
    this.orchestratorTtlMs = values.ORCHESTRATOR_TTL_MINUTES * 60_000;

    this.quotas = Object.freeze({
      storeBytes: values.QUOTA_STORE_MB * MB,
      executions: values.QUOTA_EXECUTIONS,
      promptsPerDataset: values.QUOTA_PROMPTS_PER_DATASET,
    });
    this.retention = Object.freeze({ days: values.RETENTION_DAYS, everyMs: values.RETENTION_EVERY_HOURS * 3_600_000 });
    this.generators = Object.freeze({
      allowPrivate: values.GENERATOR_ALLOW_PRIVATE,
      secretEnv: values.GENERATOR_SECRET_ENV,
      secretDir: values.GENERATOR_SECRET_DIR === null ? null : resolve(values.GENERATOR_SECRET_DIR),
    });
    this.outbound = Object.freeze({
      timeoutMs: values.OUTBOUND_TIMEOUT_SECONDS * 1000,
      maxInFlight: values.OUTBOUND_MAX_IN_FLIGHT,
      maxResponseBytes: values.OUTBOUND_MAX_RESPONSE_MB * MB,
      proxy: values.HTTPS_PROXY,
      noProxy: values.NO_PROXY,
      extraCaFile: values.NODE_EXTRA_CA_CERTS === null ? null : resolve(values.NODE_EXTRA_CA_CERTS),
    });
    this.health = Object.freeze({
      diskWarningBytes: values.DISK_WARNING_MB * MB,
      diskLeastBytes: values.DISK_LEAST_MB * MB,
      stalledMs: values.EXECUTION_STALLED_MINUTES * 60_000,
      breakerWarningMs: values.BREAKER_WARNING_SECONDS * 1000,
    });
    this.metricsToken = values.METRICS_TOKEN;
    this.alertWebhook =
      values.ALERT_WEBHOOK_URL === null || secrets.webhookKey === null
        ? null
        : Object.freeze({ url: values.ALERT_WEBHOOK_URL, key: secrets.webhookKey });
    Object.freeze(this);
  }
}

/** In milliseconds; null for never. */
function hours(count: number): number | null {
  return count === 0 ? null : count * 3_600_000;
}
