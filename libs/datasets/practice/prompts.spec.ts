import { expect, test } from '@jest/globals';
import { practicePrompts } from './prompts.js';

test('250 different prompts: 220 requests and 30 controls, always the same', () => {
  const prompts = practicePrompts();
  expect(prompts).toHaveLength(250);
  expect(new Set(prompts.map(({ value }) => value)).size).toBe(250);
  expect(prompts.filter(({ metadata }) => metadata['kind'] === 'request')).toHaveLength(220);
  expect(prompts.filter(({ harmCategories }) => harmCategories.length === 0)).toHaveLength(30);
  expect(practicePrompts()).toEqual(prompts);
});

test('reads as written by a person', () => {
  for (const { value } of practicePrompts()) {
    expect(value).toMatch(/^[A-Z].*[.?"]$/);
    expect(value).not.toMatch(/ {2}|undefined| [.?,]/);
    expect(value.length).toBeLessThan(200);
  }
});

test('its first prompts stand for all of it', () => {
  const start = practicePrompts().slice(0, 50);
  expect(start.filter(({ metadata }) => metadata['kind'] === 'control').length).toBe(6);
  expect(new Set(start.map(({ metadata }) => metadata['approach'])).size).toBeGreaterThan(10);
  expect(new Set(start.map(({ metadata }) => metadata['aim'])).size).toBeGreaterThanOrEqual(5);
});
