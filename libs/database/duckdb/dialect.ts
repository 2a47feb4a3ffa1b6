import {
  PostgresQueryCompiler,
  DummyDriver,
  PostgresAdapter,
  PostgresIntrospector,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { Connection } from './connection.js';

/** Where a dialect gets its connections: a pool of readers, or the one writer. */
export interface ConnectionSource {
  acquire(): Promise<Connection>;
  release(connection: Connection): void;
}

/** Kysely on DuckDB. Its SQL is close enough to PostgreSQL's that the compiler is shared; the capabilities say what is not there. */
export class DuckDbDialect implements Dialect {
  constructor(private readonly source: ConnectionSource) {}

  createDriver(): Driver {
    return new DuckDbDriver(this.source);
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new DuckDbAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}

class DuckDbAdapter extends PostgresAdapter {
  /** The file belongs to one process and the writer queue to one job: there is nobody to lock out. */
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

class KyselyConnection implements DatabaseConnection {
  constructor(readonly connection: Connection) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changed } = await this.connection.query(query.sql, query.parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(changed) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for await (const rows of this.connection.stream(query.sql, query.parameters)) yield { rows: rows as R[] };
  }
}

class DuckDbDriver extends DummyDriver {
  constructor(private readonly source: ConnectionSource) {
    super();
  }

  override async acquireConnection(): Promise<KyselyConnection> {
    return new KyselyConnection(await this.source.acquire());
  }

  override async releaseConnection(lent?: DatabaseConnection): Promise<void> {
    if (lent instanceof KyselyConnection) this.source.release(lent.connection);
  }

  override async beginTransaction(lent?: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    if (lent instanceof KyselyConnection) {
      await lent.connection.executePrepared(settings?.accessMode === 'read only' ? 'begin transaction read only' : 'begin transaction');
    }
  }

  override async commitTransaction(lent?: DatabaseConnection): Promise<void> {
    if (lent instanceof KyselyConnection) await lent.connection.executePrepared('commit');
  }

  override async rollbackTransaction(lent?: DatabaseConnection): Promise<void> {
    if (lent instanceof KyselyConnection) await lent.connection.rollback();
  }
}
