export { DATASET_FORMATS, formatOf, type DatasetFormat } from './formats.js';
export { DEFAULT_LIMITS, type DatasetLimits } from './limits.js';
export { parseDataset } from './parse-dataset.js';
export { practicePrompts } from './practice/prompts.js';
export { toSeedPrompt } from './records.js';
