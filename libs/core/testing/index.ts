export * from './manual-clock.js';
export * from './scripted-generator.js';
export * from './scripted-dialogue.js';
export * from './growth.js';
