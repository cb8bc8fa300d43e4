import { stringify } from "yaml";
import type { Wave } from "../../engine/plan";
import type { MirrorModel } from "../../engine/model";

/** The stack's project. Configuration keys start with it. */
const PROJECT = "kafka-migration";

/** Values of the stack's configuration for one wave. Everything else stays as in the stack that was planned. */
export interface WaveConfiguration {
  origin: { alias: string };
  target: {
    alias: string;
    groupId: string;
    offsetStorageTopic: string;
    configStorageTopic: string;
    statusStorageTopic: string;
  };
  mirror: { name: string; topicsPattern: string; groupsPattern: string };
}

/**
 * A stack of its own for each wave, because `waves` cannot be configured yet. Two mirrors with the same names would
 * share the topics in which MirrorMaker 2 keeps its state, so each gets names with the wave's name.
 */
export function configurationOf(wave: Wave, mirror: MirrorModel): WaveConfiguration {
  const group = `migration-${wave.name}`;
  return {
    origin: { alias: `${mirror.originAlias}-${wave.name}` },
    target: {
      alias: `${mirror.targetAlias}-${wave.name}`,
      groupId: group,
      offsetStorageTopic: `${group}-offsets`,
      configStorageTopic: `${group}-configs`,
      statusStorageTopic: `${group}-status`,
    },
    mirror: { name: group, topicsPattern: wave.topicsPattern, groupsPattern: wave.groupsPattern },
  };
}

export function yamlOf(configuration: WaveConfiguration): string[] {
  const config = Object.fromEntries(Object.entries(configuration).map(([key, value]) => [`${PROJECT}:${key}`, value]));
  // Without line breaks inside a pattern.
  return stringify({ config }, { lineWidth: 0 }).trimEnd().split("\n");
}
