import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { Injectable } from '@nestjs/common';
import type { MetricSource } from './metric-source.js';
import { gauge } from './told-metric.js';

/** Which release this is. */
@Injectable()
export class BuildMetrics implements MetricSource {
  readonly metrics = [
    gauge('violentutf_build_info', 'The release that runs, always 1.', () => [
      { value: 1, labels: { version: this.#version, node_version: process.version } },
    ]),
  ];
  readonly #version = releaseOf(import.meta.url);
}

function releaseOf(module: string): string {
  const path = findPackageJSON('..', module);
  const { version } = JSON.parse(path === undefined ? '{}' : readFileSync(path, 'utf8')) as { readonly version?: string };
  return version ?? 'unknown';
}
