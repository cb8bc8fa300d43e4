import * as pulumi from "@pulumi/pulumi";
import type { MirrorModel } from "../../engine/model";
import { internalTopics } from "../../engine/naming";
import type { MigrationArgs } from "./args";
import { isSame, type Named, namedObjects } from "./names";

interface Declared {
  migration: string;
  objects: Named[];
  /** Undefined: an address that Pulumi knows later. */
  target: string | undefined;
  groupId: string;
  /** Topics that this mirror makes for itself on the target. */
  topics: string[];
}

/** What the migrations of one program have named so far. */
const byProgram = new WeakMap<object, Declared[]>();

/**
 * Several migrations in one program must not share an object: in Kubernetes both would be the stack's, so that neither is
 * found to be taken; on one target two mirrors would read each other's state.
 */
export function sharedNames(migration: string, args: Partial<MigrationArgs>, mirror: MirrorModel): string[] {
  const program = pulumi.runtime.getStackResource();
  if (program === undefined) return [];
  const others = byProgram.get(program) ?? [];
  const objects = namedObjects(args).filter((object) => object.foreign !== true);
  const servers = args.target?.bootstrapServers;
  const target = typeof servers === "string" ? servers.split(",").map((s) => s.trim()).sort().join(",") : undefined;
  const topics = internalTopics(mirror).filter((topic) => topic.side === "target").map((topic) => topic.name);
  const own: Declared = { migration, objects, target, groupId: mirror.groupId, topics };
  byProgram.set(program, [...others, own]);
  const shared = objects.flatMap((object) => {
    const other = others.find((o) => o.objects.some((named) => isSame(named, object)));
    if (other === undefined) return [];
    const seen = `${object.key} is "${object.name}": migration "${other.migration}" of this program calls its own in namespace ${object.namespace} so, too`;
    return [`${seen}; give ${object.what.replace(/^the Secret of (the .*(?:user|administrator).*)$/, "$1")} a name of its own`];
  });
  const onTarget = others.filter((other) => target !== undefined && other.target === target).flatMap((other) => sharedOnTarget(own, other));
  return [...new Set([...shared, ...onTarget])];
}

function sharedOnTarget(own: Declared, other: Declared): string[] {
  const both = own.topics.filter((name) => other.topics.includes(name));
  const where = `migration "${other.migration}" of this program uses the same on the same target`;
  return [
    ...(own.groupId === other.groupId ? [`target.groupId is "${own.groupId}": ${where}; set target.groupId to a name of its own`] : []),
    ...(both.length === 0
      ? []
      : [`topics ${both.join(", ")}: ${where}; set origin.alias, target.offsetStorageTopic, target.configStorageTopic and target.statusStorageTopic to names of their own`]),
  ];
}
