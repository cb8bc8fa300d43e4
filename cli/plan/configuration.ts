import { stringify } from "yaml";
import { LONGEST_WAVE_NAME, type Wave } from "../../engine/plan";
import type { MirrorModel } from "../../engine/model";
import { LONGEST_ALIAS } from "../../engine/naming";

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
  const aliases = aliasesOf(mirror);
  return {
    origin: { alias: `${aliases.origin}-${wave.name}` },
    target: {
      alias: `${aliases.target}-${wave.name}`,
      groupId: group,
      offsetStorageTopic: `${group}-offsets`,
      configStorageTopic: `${group}-configs`,
      statusStorageTopic: `${group}-status`,
    },
    mirror: { name: group, topicsPattern: wave.topicsPattern, groupsPattern: wave.groupsPattern },
  };
}

/**
 * What the aliases of all waves start with: the stack's aliases. If one is too long to get a wave's name added, both
 * are replaced. Cut aliases could be the same.
 */
function aliasesOf({ originAlias, targetAlias }: MirrorModel): { origin: string; target: string } {
  const most = LONGEST_ALIAS - 1 - LONGEST_WAVE_NAME;
  const fit = originAlias.length <= most && targetAlias.length <= most;
  return fit ? { origin: originAlias, target: targetAlias } : { origin: "origin", target: "target" };
}

export function yamlOf(configuration: WaveConfiguration): string[] {
  const config = Object.fromEntries(Object.entries(configuration).map(([key, value]) => [`${PROJECT}:${key}`, value]));
  // Without line breaks inside a pattern.
  return stringify({ config }, { lineWidth: 0 }).trimEnd().split("\n");
}
