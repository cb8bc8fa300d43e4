import { Document, isMap, isSeq, visit } from "yaml";
import { compare, sorted } from "./sort";
import type { Inventory } from "./types";

const HEADER = ` Written by kafka-migration inventory. Says for everything on the origin whether it moves.
 Contains no secrets. Commit it: a pull request then shows what changed. docs/inventory.md explains it.`;

/**
 * Writes the inventory as YAML: the same text for the same estate. Leaves out what changes by itself (`now`) and the
 * groups of console consumers.
 */
export function printInventory(inventory: Inventory): string {
  const document = new Document(fileOf(inventory), {
    // Readers of YAML 1.1 take an unquoted `yes` for a boolean.
    compat: "yaml-1.1",
    aliasDuplicateObjects: false,
  });
  document.commentBefore = HEADER;
  visit(document, {
    Pair(_, { key, value }) {
      const name = String((key as { value?: unknown }).value);
      // One line for each ACL.
      if (name === "acls" && isSeq(value)) for (const acl of value.items) if (isMap(acl)) acl.flow = true;
      if (isSeq(value) && value.items.length === 0) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** Each of them gets a new group, whose name is its process id. */
const CONSOLE = /^console-consumer-\d+$/;

/** The inventory as the file has it: sorted, and without what changes by itself. */
export function fileOf(inventory: Inventory): Inventory {
  const { topics, groups, ...rest } = sorted(inventory);
  return inOrder({
    ...rest,
    topics: topics.map(withoutNow),
    groups: groups.filter((g) => !CONSOLE.test(g.name)).map(withoutNow),
  });
}

function withoutNow<T extends { now?: unknown }>({ now: _, ...entry }: T): T {
  return entry as T;
}

/** The order of the fields. Others follow by name. */
const ORDER: readonly string[] = [
  "format",
  "origin",
  "target",
  "users",
  "quotas",
  "topics",
  "groups",
  "streams",
  "topicResources",
  "deployments",
  "connect",
  "registries",
  "mirrors",
  "unread",
  "principal",
  "kind",
  "from",
  "to",
  "application",
  "configTopic",
  "offsetTopic",
  "statusTopic",
  "user",
  "clientId",
  "ip",
  "apiVersion",
  "namespace",
  "resource",
  "name",
  "pattern",
  "host",
  "permission",
  "operations",
  "topic",
  "partitions",
  "type",
  "class",
  "protocol",
  "group",
  "moves",
  "when",
  "why",
  "todo",
  "authentication",
  "mechanisms",
  "kafkaUser",
  "labels",
  "settings",
  "positions",
  "values",
  "connectors",
  "acls",
];

function inOrder<T>(value: T): T {
  if (Array.isArray(value)) return value.map(inOrder) as T;
  if (typeof value !== "object" || value === null) return value;
  const rank = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, inOrder(inner)] as const)
    .sort(([a], [b]) => rank(a) - rank(b) || compare(a, b));
  return Object.fromEntries(entries) as T;
}
