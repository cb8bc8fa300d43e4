import type { Block, Reading } from "./index";

type Misplaced = Extract<Reading, { is: "misplaced" }>;
/** How a block reads a key. */
type Reader = (block: Block, key: string) => Reading;

/** Names that MirrorMaker 1, or older texts about MirrorMaker 2, have for the selections. */
const SELECTIONS: Readonly<Record<string, string>> = {
  whitelist: "topicsPattern",
  "topics.whitelist": "topicsPattern",
  "topics.include": "topicsPattern",
  blacklist: "topicsExcludePattern",
  "topics.blacklisted": "topicsExcludePattern",
  "groups.whitelist": "groupsPattern",
  "groups.include": "groupsPattern",
};

/** Keys that only the properties file of connect-mirror-maker has. */
const OF_THE_FILE: readonly string[] = ["clusters", "dedicated.mode.enable.internal.rest"];

/** Keys of the properties file in which the resource's fields or blocks are the prefix. */
const FIELDS: Readonly<Record<string, string>> = {
  enabled: "leave it out: each entry of mirrors[] is one direction that is enabled",
  topics: "write topicsPattern of mirrors[]",
  "topics.exclude": "write topicsExcludePattern of mirrors[]",
  "topics.blacklist": "write topicsExcludePattern of mirrors[]",
  groups: "write groupsPattern of mirrors[]",
  "groups.exclude": "write groupsExcludePattern of mirrors[]",
  "groups.blacklist": "write groupsExcludePattern of mirrors[]",
  "tasks.max": "write tasksMax of the connector",
  "bootstrap.servers": "write bootstrapServers of the cluster",
};

const BLOCKS = ["source", "checkpoint", "heartbeat", "target"] as const;
const nameOf = (block: Block) => (block === "target" ? "the target's config" : `${block}Connector.config`);

/**
 * Reads a key as the properties file of connect-mirror-maker has it: `a->b.enabled`, `a.consumer.max.poll.records`.
 * Operators run Connect and connectors instead, and nothing reads these prefixes there. Undefined if it is no such key.
 * @param block where the key is written
 * @param aliases of the mirror's two clusters
 */
export function ofDedicatedMode(
  block: Block,
  key: string,
  aliases: readonly string[],
  read: Reader,
): Misplaced | undefined {
  const selection = Object.hasOwn(SELECTIONS, key) ? SELECTIONS[key] : undefined;
  if (selection !== undefined) {
    const why = "MirrorMaker 2 has no such key";
    return { is: "misplaced", why, instead: `write ${selection} of mirrors[]` };
  }
  const why = "only the properties file of connect-mirror-maker has it, and operators do not use that file";
  if (OF_THE_FILE.includes(key)) return { is: "misplaced", why, instead: "leave it out" };
  const direction = /^[\w.-]+->[\w.-]+?\.(?<rest>.+)$/.exec(key)?.groups?.rest;
  const alias = aliases.find((one) => one !== "" && key.startsWith(`${one}.`));
  const rest = direction ?? (alias === undefined ? undefined : key.slice(alias.length + 1));
  if (rest === undefined) return undefined;
  if (Object.hasOwn(FIELDS, rest)) return { is: "misplaced", why, instead: FIELDS[rest]! };
  const all = BLOCKS.filter((one) => read(one, rest).is === "read");
  const readers = (all.includes(block as "source") ? [block] : all).map(nameOf);
  if (readers.length > 0) return { is: "misplaced", why, instead: `write "${rest}" in ${readers.join(" and ")}` };
  return direction === undefined ? undefined : { is: "misplaced", why, instead: "leave it out" };
}
