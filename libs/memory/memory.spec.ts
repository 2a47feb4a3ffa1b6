import { memoryConformance } from './testing/conformance.js';
import { DuckDbMemoryHarness } from './testing/duckdb-harness.js';

memoryConformance('DuckDB', new DuckDbMemoryHarness());
