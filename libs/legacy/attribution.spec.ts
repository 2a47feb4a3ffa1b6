import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import {
  ConversationOwners,
  DatasetOwners,
  formsOfName,
  NameHashes,
  ownersByFileName,
  ownersByOrchestratorFile,
  ownersByRow,
  weigh,
  type Evidence,
  type LegacyRow,
} from './index.js';
import { APP_DATA, Workspace } from './testing/fixtures.js';
import { Reading } from './testing/reading.js';

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.create();
});
afterEach(() => workspace[Symbol.asyncDispose]());

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const PEOPLE = [
  { person: 'web', names: ['violentutf.web', 'ViolentUTF Web User', 'violentutf.web@violentutf.local'] },
  { person: 'ann', names: ['ann', 'Ann Lee', 'ann.lee@example.org'] },
  { person: 'shared', names: ['keycloak_user'] },
];

describe('owners by the name of a file', () => {
  it('finds each known name by each salt and scheme of ViolentUTF', () => {
    const hashes = new NameHashes(PEOPLE, ['probe_salt']);
    let files = 0;
    for (const salt of ['default_salt_2025', 'default_salt', 'violentutf_salt_2025', 'probe_salt'])
      for (const [person, name] of [
        ['web', 'violentutf.web'],
        ['web', 'ViolentUTF Web User'],
        ['web', 'violentutf_web_user'],
        ['web', 'violentutf.web.user'],
        ['ann', 'ann'],
        ['ann', 'ann.lee'],
        ['ann', 'ann.lee@example.org'],
      ] as const)
        for (const digits of [
          hash(`${salt}${name}`),
          hash(`${name}:${salt}`).slice(0, 16),
          hash(`${salt}:${name}`).slice(0, 16),
          hash(name),
        ]) {
          const [evidence, ...others] = ownersByFileName(`pyrit_memory_${digits}.db`, hashes, 'violentutf-configuration');
          expect(evidence).toMatchObject({ source: 'file-name', owner: person, confidence: 'strong' });
          // One form of a name may come from several names of the same person, never from another's.
          for (const other of others) expect(other.owner).toBe(person);
          expect(evidence?.because).toContain(`'${name}'`);
          expect(evidence?.because).not.toContain('probe_salt');
          files += 1;
        }
    expect(files).toBe(4 * 7 * 4);
  });

  it('finds the owner of the files that ViolentUTF wrote, backups too, only by the right salt', async () => {
    const right = new NameHashes(PEOPLE, ['probe_salt']);
    const wrong = new NameHashes(PEOPLE);
    const file = basename(APP_DATA.configuration);
    expect(ownersByFileName(file, right, 'violentutf-configuration').map(({ owner }) => owner)).toContain('web');
    expect(ownersByFileName(`${file}.backup.20260101_000000`, right, 'violentutf-configuration')).toEqual(
      ownersByFileName(file, right, 'violentutf-configuration'),
    );
    expect(ownersByFileName(`${file}.wal`, right, 'violentutf-configuration')).toEqual(
      ownersByFileName(file, right, 'violentutf-configuration'),
    );
    expect(ownersByFileName(file, wrong, 'violentutf-configuration')).toEqual([]);
  });

  it('does not take few digits, shared names or other files for more than they are', () => {
    const hashes = new NameHashes(PEOPLE);
    const digits = hash('default_salt_2025ann');
    expect(ownersByFileName(`pyrit_memory_${digits.slice(0, 8)}.db`, hashes, 'violentutf-configuration')).toMatchObject([
      { owner: 'ann', confidence: 'weak' },
    ]);
    expect(ownersByFileName(`pyrit_memory_${digits.slice(0, 7)}.db`, hashes, 'violentutf-configuration')).toEqual([]);
    expect(ownersByFileName(`orchestrator_memory_${digits.slice(0, 8)}.db`, hashes, 'violentutf-configuration')).toEqual([]);
    expect(ownersByFileName(`pyrit_memory_${hash('default_salt_2025keycloak_user')}.db`, hashes, 'violentutf-configuration')).toMatchObject(
      [{ confidence: 'none' }],
    );
    expect(ownersByFileName(`pyrit_memory_${hash('somebody else')}.db`, hashes, 'violentutf-configuration')).toEqual([]);
    expect(ownersByFileName('violentutf.db', hashes, 'violentutf-configuration')).toEqual([]);
  });

  it('says less of rows of PyRIT, whose memory was one for all', () => {
    const [evidence] = ownersByFileName(`pyrit_memory_${hash('ann:default_salt').slice(0, 16)}.db`, new NameHashes(PEOPLE), 'pyrit');
    expect(evidence).toMatchObject({ owner: 'ann', confidence: 'likely' });
  });

  it('knows the forms of a name', () => {
    expect(formsOfName('Ann Lee')).toEqual(['Ann Lee', 'Ann.Lee', 'Ann_Lee', 'ann lee', 'ann.lee', 'ann_lee']);
    expect(formsOfName('Ann@X.org')).toEqual(['Ann@X.org', 'ann@x.org', 'Ann', 'ann']);
    expect(formsOfName(' ')).not.toContain('');
  });

  it('names the maker of an orchestrator file, weakly', () => {
    const orchestrators = [
      { id: '615a71ea-de62-42b2-83c9-aefc00e3a564', createdBy: 'ann' },
      { id: '615a71eb-de62-42b2-83c9-aefc00e3a564', createdBy: 'bob' },
      { id: '615a71ea-0000-42b2-83c9-aefc00e3a564', createdBy: null },
    ];
    expect(ownersByOrchestratorFile('orchestrator_memory_615a71ea.db', orchestrators)).toMatchObject([
      { owner: 'ann', confidence: 'weak' },
    ]);
    expect(ownersByOrchestratorFile('orchestrator_memory.db', orchestrators)).toEqual([]);
  });
});

describe('owners by rows', () => {
  it('takes rows at their word, and shared names for nobody', async () => {
    const configuration = await Reading.of(`${await workspace.unpackAppData()}/${APP_DATA.configuration}`);
    const [generator] = configuration.of('generator');
    const [prompt] = configuration.of('prompt');
    if (!generator || !prompt) throw new Error('There are no rows.');
    expect(ownersByRow(generator)).toMatchObject([{ source: 'user-id', owner: 'violentutf.web', confidence: 'certain' }]);
    expect(ownersByRow({ ...generator, value: { ...generator.value, userId: 'keycloak_user' } })).toMatchObject([{ confidence: 'none' }]);
    expect(ownersByRow(prompt)).toEqual([]);
    const pyrit = await Reading.of(await workspace.unpack('pyrit-v0.9.0.db'));
    expect(ownersByRow(pyrit.of('message')[0] as LegacyRow)).toMatchObject([{ source: 'label', owner: 'roakey', confidence: 'weak' }]);
    expect(ownersByRow(pyrit.of('seed')[0] as LegacyRow)).toMatchObject([{ source: 'added-by', owner: 'tester', confidence: 'weak' }]);
  });

  it('gives prompts to the owner of their dataset', async () => {
    const reading = await Reading.of(`${await workspace.unpackAppData()}/${APP_DATA.configuration}`);
    const owners = new DatasetOwners();
    for (const { value } of reading.of('dataset')) owners.add(value);
    for (const { value } of reading.of('prompt'))
      expect(owners.of(value.datasetId)).toMatchObject([{ source: 'dataset', owner: 'violentutf.web', confidence: 'certain' }]);
    expect(owners.of('another')).toEqual([]);
  });

  it('joins conversations to executions', async () => {
    const service = await Reading.of(`${await workspace.unpackAppData()}/${APP_DATA.service}`);
    const owners = new ConversationOwners();
    for (const { value } of service.of('execution')) owners.add(value);
    expect(owners.size).toBe(4);
    const conversation = 'c0d5c6a3-5bf2-4554-8f13-4adf01b6d122';
    expect(owners.of(conversation)).toMatchObject([{ source: 'execution', owner: 'violentutf.web', confidence: 'certain' }]);
    expect(owners.of('another')).toEqual([]);
    owners.add({ id: 'e', createdBy: 'mallory', exchanges: service.of('execution')[0]?.value.exchanges ?? [] });
    expect(weigh(owners.of(conversation))).toMatchObject({ owner: null, contradictory: true });
    owners.add({ id: 'e', createdBy: null, exchanges: service.of('execution')[0]?.value.exchanges ?? [] });
    expect(owners.of(conversation)).toHaveLength(2);
  });
});

describe('weigh', () => {
  const piece = (owner: string, confidence: Evidence['confidence']): Evidence => ({ source: 'label', owner, confidence, because: '' });

  it('lets the best evidence decide, and nothing where it contradicts itself or is weak', () => {
    expect(weigh([])).toMatchObject({ owner: null, confidence: 'none', contradictory: false });
    expect(weigh([piece('a', 'strong'), piece('b', 'weak')])).toMatchObject({ owner: 'a', confidence: 'strong' });
    expect(weigh([piece('a', 'strong'), piece('b', 'certain')])).toMatchObject({ owner: 'b', confidence: 'certain' });
    expect(weigh([piece('a', 'certain'), piece('b', 'certain'), piece('a', 'strong')])).toMatchObject({ owner: null, contradictory: true });
    expect(weigh([piece('a', 'weak'), piece('a', 'weak')])).toMatchObject({ owner: null, confidence: 'weak', contradictory: false });
    expect(weigh([piece('a', 'likely'), piece('b', 'weak')])).toMatchObject({ owner: null, confidence: 'likely' });
    expect(weigh([piece('a', 'likely'), piece('b', 'weak')], { decides: 'likely' })).toMatchObject({ owner: 'a' });
    expect(weigh([piece('a', 'none')], { decides: 'weak' })).toMatchObject({ owner: null });
    expect(weigh([piece('user', 'none')])).toMatchObject({ owner: null, confidence: 'none', contradictory: false });
  });

  it('knows that several names may be of one person', () => {
    const ownerOf = (name: string): string => (name === 'Ann Lee' ? 'ann' : name);
    expect(weigh([piece('Ann Lee', 'certain'), piece('ann', 'certain')], { ownerOf })).toMatchObject({
      owner: 'ann',
      contradictory: false,
    });
  });
});
