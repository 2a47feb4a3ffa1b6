import { HttpException, Injectable } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Finding } from './readiness-check.js';
import { worstOf, type HealthState } from './verdict.js';

/** A part of the server, by name. */
export interface Part extends Finding {
  readonly name: string;
}

/** The answer of Terminus, and in a word and sentences what it comes to. */
export interface HealthReport extends HealthCheckResult {
  readonly health: HealthState;
  readonly reasons: readonly string[];
}

/** Puts what was found into the form of Terminus: `up`, `degraded` or `down`, which is answered with 503. */
@Injectable()
export class HealthReports {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** @returns the status of the answer, and its body. */
  async of(parts: readonly Part[]): Promise<{ readonly status: number; readonly report: HealthReport }> {
    const health = worstOf(parts.map(({ verdict }) => verdict.state));
    const reasons = parts.flatMap(({ name, verdict }) => verdict.reasons.map((reason) => `${name}: ${reason}`));
    const { status, result } = await this.#check(parts.map((part) => async () => this.#indicator(part)));
    return { status, report: { ...result, health, reasons } };
  }

  async #check(indicators: (() => Promise<HealthIndicatorResult>)[]): Promise<{ status: number; result: HealthCheckResult }> {
    try {
      return { status: 200, result: await this.checks.check(indicators) };
    } catch (error) {
      if (error instanceof HttpException) return { status: error.getStatus(), result: error.getResponse() as HealthCheckResult };
      throw error;
    }
  }

  #indicator({ name, verdict, details }: Part): HealthIndicatorResult {
    const indicator = this.indicators.check(name);
    const data = { health: verdict.state, reasons: verdict.reasons, ...details };
    if (verdict.state === 'unhealthy') return indicator.down(data);
    return verdict.state === 'warning' ? indicator.degraded(data) : indicator.up(data);
  }
}
