/**
 * What every adapter must do, as a function over a world: an adapter, its hand-off, and a platform to drive. A channel
 * runs it with its own fake and names what its platform cannot do, with the reason.
 */
import { afterEach, describe } from "bun:test";
import { approvalCases } from "./conformance-approvals.case.ts";
import { deathCases } from "./conformance-deaths.case.ts";
import { inboundCases } from "./conformance-inbound.case.ts";
import { outboundCases } from "./conformance-outbound.case.ts";
import { type ConformanceOptions, suiteOf } from "./conformance-world.case.ts";

/** Runs the suite for one channel. */
export function runConformance(options: ConformanceOptions): void {
  const suite = suiteOf(options);
  afterEach(() => suite.life?.kill());
  describe(`${options.name} adapter: inbound`, () => inboundCases(suite));
  describe(`${options.name} adapter: outbound`, () => outboundCases(suite));
  describe(`${options.name} adapter: approvals`, () => approvalCases(suite));
  describe(`${options.name} adapter: death at every step`, () => deathCases(suite));
}
