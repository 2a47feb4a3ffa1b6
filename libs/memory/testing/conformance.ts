import { afterEach, describe } from '@jest/globals';
import { configurationRules } from './configurations.js';
import { conversationRules } from './conversations.js';
import { coverageRules } from './coverage.js';
import { datasetRules } from './datasets.js';
import { executionRules } from './executions.js';
import { memoryOf, type MemoryHarness } from './harness.js';
import { importedMessageRules } from './import-messages.js';
import { importedNameRules } from './import-names.js';
import { importRules } from './imports.js';
import { importLaws } from './import-laws.js';
import { itemRules } from './items.js';
import { lifecycleRules } from './lifecycle.js';
import { longTextRules } from './long-texts.js';
import { messageFilterRules } from './message-filters.js';
import { answerRules } from './answers.js';
import { attackRules } from './attacks.js';
import { messageRules } from './messages.js';
import { ownerRules } from './owner.js';
import { pagingRules } from './paging.js';
import { progressRules } from './progress.js';
import { scoreRules } from './scores.js';
import { sequenceRules } from './sequences.js';
import { survivalRules } from './survival.js';

/** What a memory must do on every engine. Nothing in it knows which one it runs on. */
export function memoryConformance(name: string, harness: MemoryHarness): void {
  describe(`a memory on ${name}`, () => {
    afterEach(() => harness.cleanup());
    const open = memoryOf(harness);
    ownerRules(open, harness);
    configurationRules(open);
    datasetRules(open);
    executionRules(open);
    lifecycleRules(open);
    itemRules(open);
    progressRules(open);
    coverageRules(open);
    messageRules(open);
    attackRules(open);
    answerRules(open);
    longTextRules(open, harness);
    messageFilterRules(open);
    conversationRules(open);
    sequenceRules(open, harness);
    scoreRules(open);
    pagingRules(open);
    importedNameRules(open);
    importedMessageRules(open);
    importRules(open, harness);
    importLaws(harness);
    survivalRules(open, harness);
  });
}
