import type { Config, ConnectorSpec, Dialect, PodSettings } from "../dialects";

/** Settings with every choice made: the one source of the resource's text and of the model that the engine works from. */
export interface ResolvedMirror {
  dialect: Dialect;
  /** Written as `spec.version`; undefined when the operator chooses. */
  version?: string;
  kafkaVersion: string;
  image?: string;
  replicas: number;
  origin: { alias: string; config: Config };
  target: { alias: string; config: Config; groupId?: string; offsetStorageTopic: string; configStorageTopic: string; statusStorageTopic: string };
  source: ConnectorSpec;
  checkpoint: ConnectorSpec;
  heartbeat?: ConnectorSpec;
  topicsPattern: string;
  topicsExcludePattern?: string;
  groupsPattern: string;
  groupsExcludePattern?: string;
  pods: PodSettings;
}
