export * from './manual-clock.js';
export * from './scripted-generator.js';
