import { isDeepStrictEqual } from "node:util";
import {
  type ConnectCluster,
  type CopiedConnector,
  copyConnectorOffsets,
  planConnectors,
  planLines,
} from "../../engine/connectors";
import type { Progress } from "../../engine/progress";
import { defineStep } from "./framework";
import { isDefined, modelOf, now, type PhasedInputs, phaseChange } from "./inputs";

export interface ConnectorOffsetsInputs extends PhasedInputs {
  /** The Connect clusters of this part. */
  connectors: readonly ConnectCluster[];
  abandon: boolean;
}

export interface ConnectorOffsetsOutputs {
  /** When the offsets were copied, ISO 8601. */
  copiedAt: string | null;
  copied: CopiedConnector[] | null;
}

const none: ConnectorOffsetsOutputs = { copiedAt: null, copied: null };

/** Copies the offsets of these Connect clusters. Those of `before` were copied earlier in this cutover. */
async function copy(
  inputs: ConnectorOffsetsInputs,
  progress: Progress,
  clusters = inputs.connectors,
  before: readonly CopiedConnector[] = [],
): Promise<ConnectorOffsetsOutputs> {
  if (inputs.abandon) return none;
  const copied = clusters.length === 0 ? [] : await copyConnectorOffsets(modelOf(inputs), clusters, progress);
  return { copiedAt: now(), copied: [...before, ...copied] };
}

/** The Connect clusters whose offsets still have to be copied. After the cutover, connectors may run on the target. */
function leftOf(olds: ConnectorOffsetsInputs & ConnectorOffsetsOutputs, news: ConnectorOffsetsInputs) {
  const isDone = isDefined(olds.copiedAt) && olds.phase === "cutover";
  if (!isDone) return news.connectors;
  return news.connectors.filter((cluster) => !olds.connectors.some((old) => isDeepStrictEqual(old, cluster)));
}

const changeOf = (olds: ConnectorOffsetsInputs & ConnectorOffsetsOutputs, news: ConnectorOffsetsInputs) =>
  phaseChange({ phase: olds.phase, done: isDefined(olds.copiedAt) && leftOf(olds, news).length === 0 }, news.phase);

async function describePlan(inputs: ConnectorOffsetsInputs, progress: Progress, clusters = inputs.connectors) {
  if (inputs.phase !== "cutover" || inputs.abandon) return;
  for (const line of planLines(await planConnectors(modelOf(inputs), clusters))) progress.info(line);
}

/**
 * Copies the offsets of source connectors in phase `cutover`. A roll-back leaves them on the target: the next cutover
 * writes the origin's later offsets over them, unless the connector has run on the target.
 */
export const connectorOffsetsStep = defineStep<ConnectorOffsetsInputs, ConnectorOffsetsOutputs>("connector-offsets", {
  outputs: { copiedAt: true, copied: true },

  async previewFailures(news, olds, progress) {
    if (olds === undefined) await describePlan(news, progress);
    return [];
  },

  async describeUpdate(olds, news, progress) {
    if (changeOf(olds, news) === "cutover") await describePlan(news, progress, leftOf(olds, news));
  },

  async create(inputs, progress) {
    return inputs.phase === "cutover" ? copy(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    switch (changeOf(olds, news)) {
      case "cutover": {
        const left = leftOf(olds, news);
        const kept = new Set(news.connectors.filter((one) => !left.includes(one)).map((one) => one.name));
        return copy(
          news,
          progress,
          left,
          (olds.copied ?? []).filter((one) => kept.has(one.cluster)),
        );
      }
      case "roll-back":
        progress.info("offsets of source connectors stay on the target; the next cutover compares them again");
        return none;
      default:
        return { copiedAt: olds.copiedAt, copied: olds.copied };
    }
  },

  // The connectors on the target go on from these offsets.
  async remove() {},
});
