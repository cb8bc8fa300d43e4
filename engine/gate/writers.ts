import type { OpenKafka } from "../clusters";
import { isMigrationError } from "../errors";
import { observeProducers } from "../fence";
import type { MigrationModel } from "../model";
import type { Progress } from "../progress";
import { runGate } from "./run";
import type { GateOptions, GateResult } from "./types";

/** How long to watch the origin for active producers, in ms. */
const WATCH_MS = 2_000;

/**
 * Runs `runGate`. If the gate stays closed, reports through `progress` which producers still write to the migrated
 * topics, as far as the brokers know (KIP-664, Kafka 2.8; transactional ids from 3.0). If this watch fails, the gate's
 * error is thrown unchanged.
 * @throws MigrationError the same errors as `runGate`
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
