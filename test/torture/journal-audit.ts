import type { Campaigner } from './campaigner.ts';
import { FINAL_STATES } from './api-audit.ts';
import { drainedInvariants, FINAL_INVARIANTS, JOURNAL_INVARIANTS, TRIES } from './journal-invariants.ts';
import { figuresOf, type JournalFigures } from './journal-figures.ts';
import { MemoryCopy } from './memory-copy.ts';
import { answerTo, type TortureTarget } from './torture-target.ts';
import type { Violations } from './violations.ts';

/** How the life of a server has ended. */
export interface Ended {
  /** When it began, if it was told to end and had the time to do it well; null after SIGKILL. */
  readonly drainedSince: string | null;
  /** Whether nothing was left to be done. */
  readonly done: boolean;
}

interface ExecutionRow {
  readonly id: string;
  readonly state: string;
  readonly planned: number;
  readonly hash: string;
}

interface SentRow {
  readonly value: string;
  /** As JSON. */
  readonly chain: string;
  readonly sent: number;
  readonly answered: number;
  readonly asked: number;
  readonly judged: number;
}

const JOURNAL_TABLES = ['items', 'attempts', 'outcomes', 'messages', 'scores'];

/** Looks into one person's memory file while no server runs, and compares it with the ledger, the target and itself. */
export class JournalAudit {
  /** By execution that has ended: a digest of all its rows. */
  readonly #sealed = new Map<string, string>();
  readonly #campaigner: Campaigner;
  readonly #target: TortureTarget;
  readonly #violations: Violations;

  constructor(campaigner: Campaigner, target: TortureTarget, violations: Violations) {
    this.#campaigner = campaigner;
    this.#target = target;
    this.#violations = violations;
  }

  /** @throws the engine's error when the file can't be opened. */
  async inspect(path: string, ended: Ended): Promise<JournalFigures> {
    await using memory = await MemoryCopy.open(path);
    await memory.run(TRIES);
    const drained = ended.drainedSince === null ? [] : drainedInvariants(ended.drainedSince);
    const invariants = [...JOURNAL_INVARIANTS, ...drained, ...(ended.done ? FINAL_INVARIANTS : [])];
    for (const { sentence, offenders } of invariants) {
      const rows = await memory.rows(`${offenders} limit 5`);
      this.#violations.check(sentence, rows.length === 0, () => ({ user: this.#campaigner.name, rows }));
    }
    await this.#compareRows(memory);
    await this.#compareExecutions(memory);
    return await figuresOf(memory);
  }

  /** The acknowledged configurations and datasets, as rows. */
  async #compareRows(memory: MemoryCopy): Promise<void> {
    const { configurations, datasets } = this.#campaigner.ledger;
    const tables = ['generators', 'converters', 'scorers', 'orchestrators', 'datasets'];
    const rows = await memory.rows<{ key: string }>(
      tables.map((table) => `select '${table}/' || id as key from ${table}`).join(' union all '),
    );
    const present = new Set(rows.map(({ key }) => key));
    const missing = [...configurations.keys(), ...[...datasets.keys()].map((id) => `datasets/${id}`)].filter((key) => !present.has(key));
    this.#violations.check('an acknowledged row is in the file', missing.length === 0, () => ({ user: this.#campaigner.name, missing }));
  }

  async #compareExecutions(memory: MemoryCopy): Promise<void> {
    const { ledger, name } = this.#campaigner;
    const rows = await memory.rows<ExecutionRow>('select id::varchar as id, state, planned, plan_hash as hash from executions');
    const present = new Map(rows.map((row) => [row.id, row]));
    const digests = await digestsOf(memory);
    for (const { id, planHash, planned } of ledger.executions.values()) {
      const found = present.get(id);
      const same = found?.hash === planHash && found.planned === planned;
      this.#violations.check('an acknowledged row is in the file', same, () => ({ user: name, execution: id, found }));
    }
    for (const { id, state } of rows) {
      const digest = digests.get(id) ?? '';
      const sealed = this.#sealed.get(id);
      if (sealed !== undefined) {
        this.#violations.check('no row of an execution that has ended ever changes', sealed === digest, () => ({
          user: name,
          id,
          sealed,
          digest,
        }));
        continue;
      }
      await this.#compareWithTarget(memory, id);
      if (FINAL_STATES.includes(state)) this.#sealed.set(id, digest);
    }
  }

  /** What the journal says was sent against what has arrived, and what it says was answered against what was said. */
  async #compareWithTarget(memory: MemoryCopy, id: string): Promise<void> {
    const target = this.#target;
    for (const row of await memory.rows<SentRow>(sentSql(id))) {
      const chain = JSON.parse(row.chain) as readonly { readonly type: string }[];
      const content = chain.reduce((text, { type }) => convert(type, text), row.value);
      const arrived = target.arrivals(content);
      const judged = target.judgements(content);
      const evidence = () => ({ user: this.#campaigner.name, execution: id, arrivals: arrived, judgements: judged, ...row });
      this.#violations.check('nothing arrives at the target that was not journaled before as intended', arrived <= row.sent, evidence);
      this.#violations.check('nothing arrives at a judge that was not journaled before as intended', judged <= row.asked, evidence);
      this.#violations.check('no answer is journaled that nobody gave', row.answered <= arrived && row.judged <= judged, evidence);
    }
    for (const { sent, said, error } of await memory.rows<{ sent: string; said: string; error: string }>(exchangesSql(id))) {
      const expected = error === 'blocked' ? '' : answerTo(sent);
      this.#violations.check('an answer is remembered as it was given', said === expected, () => ({ execution: id, sent, said }));
    }
  }
}

/** A digest of the rows of each execution that has ended, over all tables. */
async function digestsOf(memory: MemoryCopy): Promise<Map<string, string>> {
  const parts = ['executions', ...JOURNAL_TABLES].map((table) => {
    const id = table === 'executions' ? 'id' : 'execution_id';
    return `select ${id} as id, '${table} ' || count(*) || ' ' || bit_xor(hash(rows)) as digest from ${table} as rows group by 1`;
  });
  const rows = await memory.rows<{ id: string; digest: string }>(
    `select id::varchar as id, string_agg(digest, ', ' order by digest) as digest from (${parts.join(' union all ')}) group by 1`,
  );
  return new Map(rows.map(({ id, digest }) => [id, digest]));
}

function sentSql(id: string): string {
  return `
    with counts as (
      select item_id, count(*) filter (where purpose = 'target') as sent,
        count(*) filter (where purpose = 'target' and came = 'answered') as answered,
        count(*) filter (where purpose = 'judge') as asked, count(*) filter (where purpose = 'judge' and came = 'answered') as judged
      from tries where execution_id = '${id}' group by item_id
    )
    select items.value, any_value(json_extract(plan, '$.chains[' || chain || ']'))::varchar as chain,
      coalesce(sum(sent), 0)::integer as sent, coalesce(sum(answered), 0)::integer as answered,
      coalesce(sum(asked), 0)::integer as asked, coalesce(sum(judged), 0)::integer as judged
    from items join executions on executions.id = items.execution_id left join counts on counts.item_id = items.id
    where execution_id = '${id}' group by items.value, items.chain`;
}

function exchangesSql(id: string): string {
  return `select coalesce(request.converted_value, request.original_value) as sent,
      coalesce(response.converted_value, response.original_value) as said, response.response_error as error
    from messages as request join messages as response
      on response.conversation_id = request.conversation_id and response.sequence = request.sequence + 1
    where request.execution_id = '${id}' and request.role = 'user' and response.role = 'assistant'`;
}

/** The two converters that campaigners use, written anew: what arrives must be what they would have made. */
function convert(type: string, text: string): string {
  if (type === 'base64') return Buffer.from(text).toString('base64');
  if (type !== 'rot13') throw new Error(`The audit does not know the converter '${type}'.`);
  return text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
}
