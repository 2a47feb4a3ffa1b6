/** Something that holds in every memory at every moment; `offenders` finds what breaks it. */
export interface JournalInvariant {
  readonly sentence: string;
  readonly offenders: string;
}

/** What the invariants are written with: every attempt with what came of it, and with the one that follows it in the same place. */
export const TRIES = `
  create temp table tries as
    with resolutions as (select attempt_id, any_value(phase) as phase from store.attempts where phase <> 'intended' group by attempt_id)
    select intent.execution_id, intent.item_id, intent.attempt_id, intent.purpose, intent.retry, intent.happened_at, resolutions.phase as came,
      lead(intent.attempt_id) over place as following, row_number() over place as number
    from store.attempts as intent left join resolutions on resolutions.attempt_id = intent.attempt_id
    where intent.phase = 'intended'
    window place as (partition by intent.execution_id, intent.item_id, intent.purpose, intent.turn, intent.branch order by intent.attempt_id)`;

const FINAL = `('completed', 'cancelled', 'failed')`;

export const JOURNAL_INVARIANTS: readonly JournalInvariant[] = [
  {
    sentence: 'an execution has exactly the items that were planned',
    offenders: `select executions.id, planned, count(items.id) as items from executions left join items on items.execution_id = executions.id
      group by all having count(items.id) <> planned or count(distinct items.id) <> planned`,
  },
  {
    sentence: 'a dataset has exactly the prompts that it counts',
    offenders: `select datasets.id, prompt_count, count(prompts.position) as prompts from datasets
      left join prompts on prompts.dataset_id = datasets.id group by all having count(prompts.position) <> prompt_count`,
  },
  {
    sentence: 'an item is settled once in a scoring run',
    offenders: `select execution_id, item_id, scoring_run_id, count(*) as times from outcomes group by all having count(*) > 1`,
  },
  {
    sentence: 'an answer is scored once by a scorer version in a scoring run',
    offenders: `select message_id, scorer_version, scoring_run_id, count(*) as times from scores group by all having count(*) > 1`,
  },
  {
    sentence: 'a scored item has one score of each scorer, any other has none',
    offenders: `select executions.id, outcomes.item_id, outcomes.state, count(scores.id) as scores from outcomes
      join executions on executions.id = outcomes.execution_id
      left join scores on scores.execution_id = outcomes.execution_id and scores.item_id = outcomes.item_id
        and scores.scoring_run_id = outcomes.scoring_run_id
      group by executions.id, outcomes.item_id, outcomes.state, json_array_length(executions.plan->'$.scorers')
      having count(scores.id) <> if(outcomes.state = 'scored', json_array_length(executions.plan->'$.scorers'), 0)
        or count(distinct scores.scorer_id) <> count(scores.id)`,
  },
  {
    sentence: 'a score belongs to an item that was settled with it',
    offenders: `select scores.id from scores left join outcomes on outcomes.execution_id = scores.execution_id
      and outcomes.item_id = scores.item_id and outcomes.scoring_run_id = scores.scoring_run_id where outcomes.item_id is null`,
  },
  {
    sentence: 'a score judges an answer of its own item',
    offenders: `select scores.id from scores left join messages on messages.id = scores.message_id and messages.role = 'assistant'
      and messages.item_id = scores.item_id and messages.execution_id = scores.execution_id where messages.id is null`,
  },
  {
    sentence: 'an attempt is intended once, comes to at most one end, and never to one without having been intended',
    offenders: `select attempt_id, count(*) as rows from attempts group by attempt_id
      having count(*) filter (where phase = 'intended') <> 1 or count(*) filter (where phase <> 'intended') > 1`,
  },
  {
    sentence: 'an item is sent again only after a recorded failure or loss: at most 1 + retries + unknown outcomes',
    offenders: `select * from tries where purpose = 'target' and following is not null and coalesce(came, 'nothing') not in ('failed', 'lost')`,
  },
  {
    sentence: 'the attempts of an item are numbered without a gap',
    offenders: `select * from tries where purpose = 'target' and retry <> number - 1`,
  },
  {
    sentence: 'with `mark`, what was lost is never sent again',
    offenders: `select tries.* from tries join executions on executions.id = tries.execution_id
      where on_unknown_outcome = 'mark' and purpose = 'target' and came = 'lost' and following is not null`,
  },
  {
    sentence: 'an item is unknown exactly when `mark` forbade to send what was lost again',
    offenders: `select outcomes.execution_id, outcomes.item_id, outcomes.state, on_unknown_outcome, tries.came from outcomes
      join executions on executions.id = outcomes.execution_id
      left join tries on tries.execution_id = outcomes.execution_id and tries.item_id = outcomes.item_id
        and tries.purpose = 'target' and tries.following is null
      where if(on_unknown_outcome = 'mark' and tries.came = 'lost', outcomes.state not in ('unknown', 'cancelled'), outcomes.state = 'unknown')`,
  },
  {
    sentence: 'an item has at most one answer, and one where its state says so',
    offenders: `select outcomes.execution_id, outcomes.item_id, outcomes.state, count(tries.came) as answers from outcomes
      left join tries on tries.execution_id = outcomes.execution_id and tries.item_id = outcomes.item_id
        and tries.purpose = 'target' and tries.came = 'answered'
      group by outcomes.execution_id, outcomes.item_id, outcomes.state
      having count(tries.came) > 1 or (count(tries.came) = 0 and outcomes.state in ('answered', 'scored', 'blocked'))`,
  },
  {
    sentence: 'an answer has its request and its response among the messages, and they have it',
    offenders: `select attempts.attempt_id, count(messages.id) as messages from attempts
      left join messages on messages.id in (attempts.request_id, attempts.response_id) and messages.item_id = attempts.item_id
      where attempts.response_id is not null group by attempts.attempt_id having count(messages.id) <> 2
      union all select messages.id, 0 from messages left join attempts on attempts.execution_id = messages.execution_id
      and messages.id in (attempts.request_id, attempts.response_id) where attempts.attempt_id is null`,
  },
  {
    sentence: 'the messages of a conversation are numbered 0, 1, 2 …',
    offenders: `select conversation_id, count(*) as messages, max(sequence) as last from messages group by conversation_id
      having max(sequence) <> count(*) - 1 or count(distinct sequence) <> count(*)`,
  },
  {
    sentence: 'in an execution that has ended every item is settled, and no request is open',
    offenders: `select executions.id, items.id as item from executions join items on items.execution_id = executions.id
      left join outcomes on outcomes.execution_id = executions.id and outcomes.item_id = items.id
      where executions.state in ${FINAL} and outcomes.item_id is null
      union all select executions.id, tries.item_id from executions join tries on tries.execution_id = executions.id
      where executions.state in ${FINAL} and came is null`,
  },
  {
    sentence: 'only what somebody cancelled is cancelled',
    offenders: `select executions.id, executions.state, outcomes.item_id from executions
      left join outcomes on outcomes.execution_id = executions.id and outcomes.state = 'cancelled'
      where (executions.state = 'cancelled' or outcomes.item_id is not null) and cancel_requested_at is null`,
  },
  { sentence: 'a memory has one owner', offenders: `select count(*) as owners from owner having count(*) <> 1` },
];

/** What holds besides when a server has ended because it was told to, with time enough. @param since the start of its life, as ISO 8601 UTC. */
export function drainedInvariants(since: string): readonly JournalInvariant[] {
  const offenders = `select tries.* from tries where came is null and happened_at >= '${since}'`;
  return [{ sentence: 'a server that is told to end leaves no request open in the journal', offenders }];
}

/** What holds besides at the very end. */
export const FINAL_INVARIANTS: readonly JournalInvariant[] = [
  {
    sentence: 'no item is left of a plan that did not come to be',
    offenders: `select distinct execution_id from items where execution_id not in (select id from executions)`,
  },
  {
    sentence: 'no prompt is left of a dataset that did not come to be',
    offenders: `select distinct dataset_id from prompts where dataset_id not in (select id from datasets)`,
  },
];
