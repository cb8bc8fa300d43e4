import { allow, group, topic, type AclRule } from "../acls/rules";
import type { Side } from "../model";
import type { ConnectCluster, ConnectStorage } from "./types";

/** Names of a Connect cluster's storage topics and group. */
export interface StorageNames {
  offsets: string;
  configs: string;
  status: string;
  group?: string;
}

/** The storage topics on one side. */
export function storageOf(cluster: ConnectCluster, side: Side): StorageNames {
  const storage = side === "target" ? (cluster.target ?? cluster.origin) : cluster.origin;
  const { offsetStorageTopic: offsets, configStorageTopic, statusStorageTopic, groupId } = storage;
  return {
    offsets,
    configs: configStorageTopic ?? sibling(offsets, "configs")!,
    status: statusStorageTopic ?? sibling(offsets, "status")!,
    ...(groupId === undefined ? {} : { group: groupId }),
  };
}

/** The usual name of another storage topic. Undefined: the name of the offsets topic does not show it. */
function sibling(offsets: string, what: "configs" | "status"): string | undefined {
  return offsets.endsWith("offsets") ? offsets.slice(0, -"offsets".length) + what : undefined;
}

/** The storage topics whose names can neither be read nor be derived, as keys of the setting. */
export function missingNames(storage: ConnectStorage): ("configStorageTopic" | "statusStorageTopic")[] {
  if (sibling(storage.offsetStorageTopic, "configs") !== undefined) return [];
  return (["configStorageTopic", "statusStorageTopic"] as const).filter((key) => storage[key] === undefined);
}

/**
 * What the administrator needs to copy the offsets, in addition to its other rights: Read on the storage topics of both
 * sides, Write on the target's offsets topic, and Describe on the Connect groups that are named.
 */
export function connectorAcls(side: Side, clusters: readonly ConnectCluster[]): AclRule[] {
  return clusters.flatMap((cluster) => {
    const names = storageOf(cluster, side);
    return [
      allow(topic(names.offsets), "Read", ...(side === "target" ? (["Write"] as const) : [])),
      allow(topic(names.configs), "Read"),
      allow(topic(names.status), "Read"),
      ...(names.group === undefined ? [] : [allow(group(names.group), "Describe")]),
    ];
  });
}
