import { block, list, text, type Written } from "../setting";

/** The offsets of source connectors, and how they move from one Connect cluster to another. */

export const connectStorageShape = {
  /** Topic with the offsets of source connectors (`offset.storage.topic`). Example: `connect-offsets`. */
  offsetStorageTopic: text,
  /**
   * Topic with the connectors' configurations (`config.storage.topic`). It shows which connectors are stopped.
   * @default as `offsetStorageTopic`, with `configs` instead of `offsets` at the end
   */
  configStorageTopic: text.optional(),
  /**
   * Topic with the connectors' states (`status.storage.topic`).
   * @default as `offsetStorageTopic`, with `status` instead of `offsets` at the end
   */
  statusStorageTopic: text.optional(),
  /**
   * Connect's group (`group.id`). If it has no members, no worker runs, and connectors need not be stopped one by one.
   * @default unknown: each connector must be stopped
   */
  groupId: text.optional(),
};
export interface ConnectStorage extends Written<typeof connectStorageShape> {}

export const connectClusterShape = {
  /** Name of the Connect cluster, for messages. Example: `connect`. */
  name: text,
  /** Its storage topics on the origin. */
  origin: block<ConnectStorage>(connectStorageShape),
  /**
   * The storage topics of the Connect cluster on the target. They must exist: start its workers before the cutover.
   * @default the names of the origin
   */
  target: block<ConnectStorage>(connectStorageShape).optional(),
  /**
   * Names of the connectors whose offsets are copied. Example: `["orders-db"]`.
   * @default every connector that has offsets
   */
  include: list(text).optional(),
  /**
   * Names of connectors whose offsets are not copied.
   * @default none
   */
  exclude: list(text).optional(),
  /**
   * The wave whose cutover copies these offsets.
   * @default the cutover of everything outside the waves
   */
  wave: text.optional(),
};
/** The offsets of the source connectors of one Connect cluster. */
export interface ConnectCluster extends Written<typeof connectClusterShape> {}

/** One connector in a plan. */
export interface ConnectorPlan {
  /** Name of the Connect cluster. */
  cluster: string;
  connector: string;
  /** Offsets to write on the target. */
  write: number;
  /** Offsets that the target already has. */
  same: number;
  /** Why its offsets are not copied. Absent: they are. */
  refused?: {
    why: string;
    fix: string;
    /** True: the connector only has to be stopped. */
    running?: true;
  };
}

/** One connector whose offsets the target has. */
export interface CopiedConnector {
  cluster: string;
  connector: string;
  /** Offsets written now. */
  written: number;
  /** Offsets that the target had already. */
  same: number;
}
