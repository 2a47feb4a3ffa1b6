export * from './errors.js';
export { createOutbound, type Outbound, type OutboundOptions } from './outbound.js';
export { type Resolve } from './connector.js';
