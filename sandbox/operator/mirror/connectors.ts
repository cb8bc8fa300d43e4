import type { Generation } from "../generation";
import { Refusal } from "../refusal";
import { condition, type Condition } from "../status";
import type { ConnectorDefinition } from "./properties";
import { hasFailed, type ConnectorStatus, type ConnectRest } from "./rest";

/** The record of a connector's restarts, as stored in the status. */
export interface AutoRestartStatus {
  connectorName: string;
  count: number;
  lastRestartTimestamp: string;
}

export interface ConnectorsResult {
  connectors: ConnectorStatus[];
  autoRestartStatuses: AutoRestartStatus[];
  warnings: Condition[];
  /** The first failure. The resource is then NotReady, and the status holds the results so far. */
  failure?: Refusal;
}

/**
 * Makes Connect's connectors match the wanted ones, with the calls of Strimzi and in its order. It lists the connectors
 * and deletes the unwanted ones. For each wanted connector it then handles its config (PUT if it is missing or
 * differs), status, state and topics. Strimzi 1.2 creates a missing connector by POST with its state instead. It also
 * handles a failed connector that should be paused or stopped.
 */
export async function settleConnectors(
  rest: ConnectRest,
  wanted: readonly ConnectorDefinition[],
  earlierRestarts: readonly AutoRestartStatus[],
  progress: (line: string) => void,
  generation: Generation = "0.51",
): Promise<ConnectorsResult> {
  const result: ConnectorsResult = { connectors: [], autoRestartStatuses: [], warnings: [] };
  try {
    const names = new Set(wanted.map((each) => each.name));
    for (const name of await rest.list()) if (!names.has(name)) await rest.delete(name);
  } catch (error) {
    return { ...result, failure: refusalOf(error) };
  }
  for (const definition of wanted) {
    try {
      await settleOne(definition);
    } catch (error) {
      result.failure ??= refusalOf(error);
    }
  }
  if (!result.failure && result.connectors.some((each) => each.connector.state === "FAILED")) {
    // Vert.x uses this class for a failure that is only a text.
    result.failure = new Refusal(
      "io.vertx.core.impl.NoStackTraceThrowable",
      "One or more connectors are in FAILED state",
    );
  }
  return result;

  async function settleOne(definition: ConnectorDefinition): Promise<void> {
    const { name, config } = definition;
    const current = await rest.config(name);
    if (differs(current, definition)) {
      if (current === undefined && generation === "1.2") await rest.create(name, config, definition.state);
      else await rest.putConfig(name, config);
      progress(`operator: connector ${name} is configured`);
    }
    let status = await rest.status(name);
    const verb = verbFor(status.connector.state, definition, generation);
    if (verb) {
      await rest.setState(name, verb);
      progress(`operator: connector ${name}: ${verb}`);
      status = await rest.status(name);
    }
    if (definition.pauseAndState) {
      const message =
        "Both pause and state are set. Since pause is deprecated, state takes precedence so the connector will be " +
        `${definition.state}`;
      result.warnings.push(condition("Warning", "UpdateState", message));
    }
    status = await restartIfFailed(definition, status);
    await rest.topics(name);
    result.connectors.push(status);
  }

  async function restartIfFailed(
    { name, autoRestart }: ConnectorDefinition,
    status: ConnectorStatus,
  ): Promise<ConnectorStatus> {
    if (!autoRestart.enabled) return status;
    const earlier = earlierRestarts.find((each) => each.connectorName === name);
    const minutes = earlier ? Math.floor((Date.now() - Date.parse(earlier.lastRestartTimestamp)) / 60_000) : Infinity;
    const pause = earlier ? Math.min(earlier.count * earlier.count + earlier.count, 60) : 0;
    if (!hasFailed(status)) {
      if (earlier && minutes <= pause) result.autoRestartStatuses.push(earlier);
      return status;
    }
    if (earlier && (minutes < pause || earlier.count >= (autoRestart.maxRestarts ?? Infinity))) {
      result.autoRestartStatuses.push(earlier);
      return status;
    }
    result.autoRestartStatuses.push({
      connectorName: name,
      count: (earlier?.count ?? 0) + 1,
      lastRestartTimestamp: new Date().toISOString(),
    });
    progress(`operator: connector ${name} has failed: restarting it`);
    return (await rest.restartFailed(name)) ?? status;
  }
}

function differs(current: Record<string, string> | undefined, { name, config }: ConnectorDefinition): boolean {
  if (!current) return true;
  const wanted: Record<string, string | number> = { ...config, name };
  const keys = Object.keys(wanted);
  return keys.length !== Object.keys(current).length || keys.some((key) => String(wanted[key]) !== current[key]);
}

/**
 * Returns the call that changes the state of a connector. It acts only on a settled state: UNASSIGNED and RESTARTING
 * are temporary. With Strimzi 0.51, FAILED does not change; since 1.1 a failed connector can be stopped.
 * @throws Refusal when a failed connector should be paused (since 1.1)
 */
function verbFor(
  state: string,
  { name, state: wanted }: ConnectorDefinition,
  generation: Generation,
): "pause" | "stop" | "resume" | undefined {
  if (generation === "1.2" && state === "FAILED") {
    if (wanted === "paused")
      throw new Refusal(
        "java.lang.RuntimeException",
        `The connector ${name} cannot be paused since it is in failed state`,
      );
    return wanted === "stopped" ? "stop" : undefined;
  }
  if (!["RUNNING", "PAUSED", "STOPPED"].includes(state) || state === wanted.toUpperCase()) return undefined;
  return ({ running: "resume", paused: "pause", stopped: "stop" } as const)[wanted];
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal("java.lang.RuntimeException", (error as Error).message);
}
