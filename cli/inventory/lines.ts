import type { Fate, Inventory, InventoryGroup, InventoryTopic } from "../../engine/inventory";
import { bytesText, countText, figure } from "../../engine/units";
import { table } from "../table";

const ROWS = 20;
const LINES = 20;
const UNKNOWN = "?";

interface Named extends Fate {
  label: string;
}

/** The inventory for a person: how much moves, what moves only on a condition, and what is left to do. */
export function inventoryLines(inventory: Inventory, all: boolean): string[] {
  const parts = partsOf(inventory);
  const everything = parts.flatMap(({ entries }) => entries);
  const most = all ? Infinity : LINES;
  const rows = parts
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => [title, ...counts(entries)]);
  return [
    `origin ${inventory.origin}: ${overview(inventory)}`,
    "",
    ...table(["", "moves", "moves if", "stays"], rows),
    ...section("largest topics:", topicTable(inventory.topics, all)),
    ...section("groups with the highest lag:", groupTable(inventory.groups, all)),
    ...section("moves if:", listed(everything.filter((e) => e.moves === "if").map(conditionText), most)),
    ...section("to do:", listed(everything.filter((e) => e.todo !== undefined).map(todoText), most)),
    ...section("paste, so that the groups of sink connectors move:", sinkGroups(inventory)),
    ...section("not read:", inventory.unread),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function listed(lines: readonly string[], most: number): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most), `and ${lines.length - most} more (--all)`];
}

function counts(entries: readonly Fate[]): string[] {
  return (["yes", "if", "no"] as const).map((moves) => figure(entries.filter((e) => e.moves === moves).length));
}

const conditionText = ({ label, when }: Named) => `${label}: ${when}`;
const todoText = ({ label, why, todo }: Named) => `${label}: ${why === undefined ? "" : `${why}; `}${todo}`;

function overview({ users, topics, groups }: Inventory): string {
  const acls = users.reduce((sum, user) => sum + user.acls.reduce((n, acl) => n + acl.operations.length, 0), 0);
  return [
    countText(users.length, "user"),
    countText(acls, "ACL"),
    countText(topics.length, "topic"),
    countText(groups.length, "group"),
  ].join(", ");
}

function partsOf(inventory: Inventory): { title: string; entries: Named[] }[] {
  const named = <T extends Fate>(title: string, list: readonly T[], name: (one: T) => string) => ({
    title,
    entries: list.map((one): Named => ({ ...one, label: name(one) })),
  });
  return [
    named("users", inventory.users, (u) => u.principal),
    named("other quotas", inventory.quotas, (q) => `quota of ${quotaText(q)}`),
    named("topics", inventory.topics, (t) => `topic ${t.name}`),
    named("groups", inventory.groups, (g) => `group ${g.name}`),
    named("Streams applications", inventory.streams, (s) => `Streams application ${s.application}`),
    named("KafkaTopics", inventory.topicResources, (r) => `KafkaTopic ${r.namespace}/${r.name}`),
    named("deployments", inventory.deployments, (d) => `${d.kind} ${d.namespace}/${d.name}`),
    named("Connect clusters", inventory.connect, (c) => `Connect cluster ${c.group ?? c.configTopic}`),
    named(
      "connectors",
      inventory.connect.flatMap((c) => c.connectors),
      (c) => `${c.type === "unknown" ? "" : `${c.type} `}connector ${c.name}`,
    ),
    named("schema registries", inventory.registries, (r) => `schema registry (${r.topic})`),
    named("other mirrors", inventory.mirrors, (m) => `${m.kind} ${m.from ?? UNKNOWN}->${m.to ?? UNKNOWN}`),
  ];
}

function quotaText({ user, clientId, ip }: Inventory["quotas"][number]): string {
  return [
    ...(user === undefined ? [] : [`user ${user}`]),
    ...(clientId === undefined ? [] : [`client id ${clientId}`]),
    ...(ip === undefined ? [] : [`IP ${ip}`]),
  ].join(", ");
}

function topicTable(topics: readonly InventoryTopic[], all: boolean): string[] {
  const size = ({ now }: InventoryTopic) => now?.bytes ?? now?.records ?? 0;
  const rows = [...topics]
    .sort((a, b) => size(b) - size(a))
    .map(({ name, partitions, moves, now }) => [
      name,
      String(partitions),
      now?.bytes === undefined ? UNKNOWN : bytesText(now.bytes),
      now?.recordsPerSecond === undefined ? UNKNOWN : `${figure(Math.round(now.recordsPerSecond))}/s`,
      now?.lastRecordAt ?? "-",
      moves,
    ]);
  const head = ["topic", "partitions", "size", "records", "last record", "moves"];
  return rows.length === 0 ? [] : table(head, rows, all ? Infinity : ROWS);
}

function groupTable(groups: readonly InventoryGroup[], all: boolean): string[] {
  const rows = [...groups]
    .sort((a, b) => (b.now?.lag ?? -1) - (a.now?.lag ?? -1))
    .map(({ name, type, moves, now }) => [
      name,
      type,
      now?.state ?? UNKNOWN,
      String(now?.members.length ?? 0),
      now?.lag === undefined ? "-" : figure(now.lag),
      moves,
    ]);
  const head = ["group", "type", "state", "members", "lag", "moves"];
  return rows.length === 0 ? [] : table(head, rows, all ? Infinity : ROWS);
}

/** The groups of all sink connectors as one setting. */
function sinkGroups({ connect, groups }: Inventory): string[] {
  const open = new Set(groups.filter((g) => g.moves === "if").map((g) => g.name));
  const sinks = connect.flatMap((c) => c.connectors.flatMap((one) => one.group ?? [])).filter((name) => open.has(name));
  return sinks.length === 0 ? [] : [`offsets.groups: [${sinks.map((name) => JSON.stringify(name)).join(", ")}]`];
}
