import { expect, it } from '@jest/globals';
import { mischiefOf } from './mischief.ts';
import { scheduleOf } from './schedule.ts';

it('is the same for the same seed, and another for another', () => {
  expect(scheduleOf('one', 50, 3)).toEqual(scheduleOf('one', 50, 3));
  expect(scheduleOf('one', 50, 3)).not.toEqual(scheduleOf('two', 50, 3));
});

it('begins alike however long it is', () => {
  expect(scheduleOf('one', 50, 3).slice(0, 10)).toEqual(scheduleOf('one', 10, 3));
});

it('ends the server in every way, and has every person do everything', () => {
  const cycles = scheduleOf('one', 200, 3);
  expect(new Set(cycles.map(({ ending }) => ending.kind))).toEqual(new Set(['kill', 'twice', 'during', 'arrival', 'terminate']));
  const appointments = cycles.flatMap((cycle) => cycle.appointments);
  for (const user of [0, 1, 2]) {
    const kinds = appointments.filter((appointment) => appointment.user === user).map(({ act }) => act.kind);
    expect(new Set(kinds)).toEqual(new Set(['execute', 'upload', 'configure', 'edit', 'cancel', 'read']));
  }
});

it('gives a prompt the same trouble for the same seed, to about a quarter of the prompts', () => {
  const contents = Array.from({ length: 2_000 }, (_, index) => `prompt ${index}`);
  const kinds = (seed: string): (string | undefined)[] => contents.map((content) => mischiefOf(seed, content)?.kind);
  expect(kinds('one')).toEqual(kinds('one'));
  const troubled = kinds('one').filter((kind) => kind !== undefined);
  expect(troubled.length).toBeGreaterThan(300);
  expect(troubled.length).toBeLessThan(600);
  expect(new Set(troubled).size).toBe(14);
});
