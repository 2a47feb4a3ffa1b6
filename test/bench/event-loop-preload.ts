// `node --import event-loop-preload.ts …` prints {"loopDelay":…} on SIGUSR2, each time for what was since the last: the product itself needs nothing.
import { watchEventLoop } from './event-loop.ts';

const read = watchEventLoop();
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify({ loopDelay: read() })}\n`));
