import { identifier, type Query } from './content.js';
import { quote } from './statements.js';

interface Blocks {
  readonly free: number;
  readonly block_bytes: number;
}

/** About how many bytes of the database `store` hold nothing: its free blocks, and its share in the blocks of each table that deleted rows have. */
export async function freeBytesOf(query: Query): Promise<number> {
  const { rows } = await query(
    `select free_blocks::double as free, block_size::double as block_bytes from pragma_database_size() where database_name = 'store'`,
  );
  const [{ free, block_bytes: blockBytes } = { free: 0, block_bytes: 0 }] = rows as readonly Blocks[];
  let blocks = free;
  for (const table of await filledTables(query)) blocks += await deadBlocks(query, table);
  return Math.round(blocks * blockBytes);
}

interface FilledTable {
  readonly name: string;
  /** Deleted ones are among them. */
  readonly rows: number;
}

async function filledTables(query: Query): Promise<readonly FilledTable[]> {
  const { rows } = await query(
    `select table_name as name, estimated_size::double as rows from duckdb_tables()
     where database_name = 'store' and schema_name = 'main' and not internal and estimated_size > 0`,
  );
  return rows as readonly FilledTable[];
}

/** The engine keeps the deleted rows of a table that has a key: it only notes that they are deleted. */
async function deadBlocks(query: Query, { name, rows }: FilledTable): Promise<number> {
  const counted = await query(`select count(*)::double as live from store.${identifier(name)}`);
  const [{ live } = { live: 0 }] = counted.rows as readonly { live: number }[];
  if (live >= rows) return 0;
  const held = await query(
    `select count(distinct block_id)::double as blocks from pragma_storage_info(${quote(name)}) where block_id >= 0`,
  );
  const [{ blocks } = { blocks: 0 }] = held.rows as readonly { blocks: number }[];
  return blocks * (1 - live / rows);
}
