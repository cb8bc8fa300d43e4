import type * as pulumi from "@pulumi/pulumi";
import { type ConnectCluster, missingNames, storageOf } from "../../engine/connectors";
import { isMigrationError } from "../../engine/errors";
import type { MirrorModel } from "../../engine/model";
import { didYouMean } from "../../engine/near-miss";
import { topicRule, topicsExclude } from "../../engine/selection";
import { someOf } from "../../engine/units";
import { ConnectorOffsets } from "../../lifecycle/resources";
import type { MigrationArgs } from "../settings/migration";

/** The Connect clusters whose offsets this part copies. */
export const connectorsOf = ({ connectors = [] }: Partial<MigrationArgs>, wave: string | undefined): ConnectCluster[] =>
  connectors.filter((cluster) => cluster.wave === wave);

/**
 * Declares the step that copies the offsets of source connectors. It comes before the groups move: a connector that is
 * not stopped ends the cutover before anything has moved.
 * @param step without `gatePassedAt`: the preview shows the plan, and it does not know yet when the gate passes
 * @param connectors those of this part
 * @returns undefined: none is named
 */
export function connectorOffsets(
  name: string,
  step: Omit<ConstructorParameters<typeof ConnectorOffsets>[1], "connectors">,
  connectors: readonly ConnectCluster[],
  options: pulumi.CustomResourceOptions,
): ConnectorOffsets | undefined {
  return connectors.length === 0 ? undefined : new ConnectorOffsets(name, { ...step, connectors }, options);
}

/** Mistakes in `connectors` that can be seen without the clusters. */
export function connectorMistakes({ connectors = [], waves = [] }: Partial<MigrationArgs>): string[] {
  const names = waves.map((wave) => wave.name);
  return connectors.flatMap((cluster, i) => {
    const at = `connectors.${i}`;
    const first = connectors.findIndex((other) => other.name === cluster.name);
    const { wave, include, exclude } = cluster;
    return [
      ...(first === i ? [] : [`${at}.name is "${cluster.name}", as is connectors.${first}.name: write another name`]),
      ...(["origin", "target"] as const).flatMap((side) =>
        missingNames(cluster[side] ?? cluster.origin).map(
          (key) =>
            `${at}.${cluster[side] === undefined ? "origin" : side}.${key} is missing: the name of the offsets topic ` +
            'does not end with "offsets", so the name of this topic cannot be derived from it',
        ),
      ),
      ...(wave === undefined || names.includes(wave)
        ? []
        : [`${at}.wave is "${wave}": there is no such wave${didYouMean(wave, names)}`]),
      ...(include ?? [])
        .filter((name) => exclude?.includes(name))
        .map((name) => `${at}: "${name}" is in include and in exclude; remove it from one of them`),
      ...(include?.length === 0 ? [`${at}.include is empty: name the connectors, or leave it out`] : []),
      ...connectors.slice(0, i).flatMap((other, k) => {
        const both = sharedNames(other, cluster);
        return both === undefined
          ? []
          : [`connectors.${k} and ${at} both select ${both}: name the connectors of each with include`];
      }),
    ];
  });
}

/** What two entries with the same offsets topic both select. Undefined: nothing. */
function sharedNames(one: ConnectCluster, other: ConnectCluster): string | undefined {
  if (one.origin.offsetStorageTopic !== other.origin.offsetStorageTopic) return undefined;
  const [names, rest] = one.include === undefined ? [other.include, one] : [one.include, other];
  if (names === undefined) return `every connector of ${one.origin.offsetStorageTopic}`;
  const both = names.filter((name) => rest.include?.includes(name) !== false && rest.exclude?.includes(name) !== true);
  return both.length === 0 ? undefined : someOf(both, 5);
}

/**
 * The mirror must not write into the storage topics of a Connect cluster on the target: its workers would read them.
 */
export function storageCopied({ connectors = [] }: Partial<MigrationArgs>, mirror: MirrorModel): string[] {
  if (connectors.length === 0) return [];
  const skip = ruleOf(mirror);
  return connectors.flatMap((cluster, i) => {
    if (missingNames(cluster.target ?? cluster.origin).length > 0) return [];
    const { offsets, configs, status } = storageOf(cluster, "target");
    const copied = [offsets, configs, status].filter((topic) => skip?.(topic) === undefined && skip !== undefined);
    if (copied.length === 0) return [];
    const exclude = [topicsExclude(mirror), ...copied].join(",");
    return [
      `connectors.${i}: mirror.topicsPattern also selects ${copied.join(", ")}, and the mirror would write into the ` +
        `storage of the Connect cluster on the target; set mirror.topicsExcludePattern to "${exclude}"`,
    ];
  });
}

/** Undefined: the patterns have a mistake, which is reported elsewhere. */
function ruleOf(mirror: MirrorModel): ReturnType<typeof topicRule> | undefined {
  try {
    return topicRule(mirror);
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return undefined;
  }
}
