import type { Config, Dialect, MirrorChoices } from "../dialects";

/** Settings with every choice made. The resource's text and the engine's model are both derived from them. */
export interface ResolvedMirror extends MirrorChoices {
  dialect: Dialect;
  kafkaVersion: string;
  origin: { alias: string; config: Config };
  target: {
    alias: string;
    config: Config;
    groupId?: string;
    offsetStorageTopic: string;
    configStorageTopic: string;
    statusStorageTopic: string;
  };
}
