import type { OpenKafka } from "../clusters";
import { isMigrationError } from "../errors";
import { observeProducers } from "../fence";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { runGate } from "./run";
import type { GateOptions, GateResult } from "./types";

/** How long the origin is watched for somebody who writes, ms. */
const WATCH_MS = 2_000;

/**
 * `runGate`, and for a gate that stays shut: who still writes to the migrated topics, as far as the brokers tell (KIP-664,
 * Kafka 2.8; transactional ids from 3.0). Said through `progress`; a watch that fails takes nothing from the refusal.
 * @throws MigrationError as `runGate` does
 */
export async function runGateAndNameWriters(
  model: MigrationModel,
  options: GateOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<GateResult> {
  try {
    return await runGate(model, options, progress, signal, open);
  } catch (error) {
    const shut = isMigrationError(error) && error.code.startsWith("GATE_") && signal?.aborted !== true;
    if (shut) await observeProducers(model, WATCH_MS, progress, signal, open).catch(() => {});
    throw error;
  }
}
