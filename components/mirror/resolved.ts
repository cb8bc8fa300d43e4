import type { Config, Dialect, MirrorChoices } from "../dialects";

/** Settings with every choice made: the one source of the resource's text and of the model that the engine works from. */
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
