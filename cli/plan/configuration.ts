import { stringify } from "yaml";
import type { Plan } from "../../engine/plan";

/** The stack's project. Configuration keys start with it. */
const PROJECT = "kafka-migration";

/** Values to add to the stack's configuration: its own keys `waves` and `splitGroups`. */
export interface WavesConfiguration {
  waves: { name: string; topics: string; groups?: string; phase: "mirror" }[];
  splitGroups?: string[];
}

/** The proposed waves as settings of the stack that was planned. */
export function configurationOf({ waves, splitGroups }: Pick<Plan, "waves" | "splitGroups">): WavesConfiguration {
  return {
    waves: waves.map(({ name, topicsPattern, groupsPattern, phase }) => ({
      name,
      topics: topicsPattern,
      ...(groupsPattern === "" ? {} : { groups: groupsPattern }),
      phase,
    })),
    ...(splitGroups.length === 0 ? {} : { splitGroups: [...splitGroups] }),
  };
}

export function yamlOf(configuration: WavesConfiguration): string[] {
  const config = Object.fromEntries(Object.entries(configuration).map(([key, value]) => [`${PROJECT}:${key}`, value]));
  // Without line breaks inside a pattern.
  return stringify({ config }, { lineWidth: 0 }).trimEnd().split("\n");
}
