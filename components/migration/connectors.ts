import type * as pulumi from "@pulumi/pulumi";
import { missingNames } from "../../engine/connectors";
import { didYouMean } from "../../engine/near-miss";
import { ConnectorOffsets } from "../../lifecycle/resources";
import type { MigrationArgs } from "../settings/migration";

/**
 * Declares the step that copies the offsets of source connectors. It comes before the groups move: a connector that is
 * not stopped ends the cutover before anything has moved.
 * @param step without `gatePassedAt`: the preview shows the plan, and it does not know yet when the gate passes
 * @returns undefined: no Connect cluster is named for this part
 */
export function connectorOffsets(
  name: string,
  step: Omit<ConstructorParameters<typeof ConnectorOffsets>[1], "connectors">,
  { clusters = [], wave }: { clusters: MigrationArgs["connectors"]; wave: string | undefined },
  options: pulumi.CustomResourceOptions,
): ConnectorOffsets | undefined {
  const connectors = clusters.filter((cluster) => cluster.wave === wave);
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
    ];
  });
}
