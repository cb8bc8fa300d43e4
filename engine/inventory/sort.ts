import { defined } from "../objects";
import type { Inventory, InventoryAcl, InventoryQuota, InventoryUser } from "./types";

/** Compares code units, so the order is the same on every machine. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A function for `sort`: compares the keys one after the other. */
export function by<T>(...keys: ((one: T) => string)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const key of keys) {
      const order = compare(key(a), key(b));
      if (order !== 0) return order;
    }
    return 0;
  };
}

const aclOrder = by<InventoryAcl>(
  (a) => a.resource,
  (a) => a.name,
  (a) => a.pattern,
  (a) => a.host,
  (a) => a.permission,
);

/** One entry for each resource, host and permission, with all its operations. */
export function mergeAcls(acls: readonly InventoryAcl[]): InventoryAcl[] {
  const merged = new Map<string, InventoryAcl>();
  for (const acl of acls) {
    const { resource, name, pattern, host, permission, operations } = acl;
    const key = JSON.stringify([resource, name, pattern, host, permission]);
    const known = merged.get(key)?.operations ?? [];
    merged.set(key, { ...acl, operations: [...new Set([...known, ...operations])] });
  }
  return [...merged.values()].map((acl) => ({ ...acl, operations: acl.operations.sort(compare) })).sort(aclOrder);
}

/** Absent fields come before names, as in Kafka's tools. */
const entity = (quota: InventoryQuota): string => JSON.stringify([quota.user, quota.clientId, quota.ip]);

const sortedFields = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => compare(a, b)));

function sortedUser(user: InventoryUser): InventoryUser {
  const { labels, acls } = user;
  return { ...user, ...(labels === undefined ? {} : { labels: sortedFields(labels) }), acls: mergeAcls(acls) };
}

/** The same inventory in the order of the file. */
export function sorted(inventory: Inventory): Inventory {
  const { users, quotas, topics, groups, streams, topicResources, deployments, connect, registries, mirrors, unread } =
    inventory;
  return {
    ...inventory,
    users: users.map(sortedUser).sort(by((u) => u.principal)),
    quotas: quotas.map((q) => ({ ...q, values: sortedFields(q.values) })).sort(by(entity)),
    topics: topics
      .map((t) => defined({ ...t, settings: t.settings && sortedFields(t.settings) }))
      .sort(by((t) => t.name)),
    groups: groups.map((g) => ({ ...g, topics: [...g.topics].sort(compare) })).sort(by((g) => g.name)),
    streams: streams.map((s) => ({ ...s, topics: [...s.topics].sort(compare) })).sort(by((s) => s.application)),
    topicResources: [...topicResources].sort(
      by(
        (r) => r.namespace,
        (r) => r.name,
      ),
    ),
    deployments: [...deployments].sort(
      by(
        (d) => d.kind,
        (d) => d.namespace,
        (d) => d.name,
        (d) => d.apiVersion,
      ),
    ),
    connect: connect
      .map((c) => ({ ...c, connectors: [...c.connectors].sort(by((one) => one.name)) }))
      .sort(by((c) => c.configTopic)),
    registries: [...registries].sort(by((r) => r.topic)),
    mirrors: mirrors
      .map((m) => ({ ...m, topics: [...m.topics].sort(compare) }))
      .sort(
        by(
          (m) => m.from ?? "",
          (m) => m.to ?? "",
          (m) => m.kind,
        ),
      ),
    unread: [...unread].sort(compare),
  };
}
