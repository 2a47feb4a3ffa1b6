import { Registry, type StrategyType } from '#core';
import { promptSending } from './prompt-sending.js';

/** Every strategy type of this server. */
export const strategies: Registry<StrategyType> = new Registry('strategy', [promptSending]);
