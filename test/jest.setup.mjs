// Nest 12 is ESM and its CommonJS add-ons require() it: unless it is already in the module cache, Jest refuses the cycle.
await import('reflect-metadata');
await import('@nestjs/common');
await import('@nestjs/core');
