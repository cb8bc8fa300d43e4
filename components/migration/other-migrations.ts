import * as pulumi from "@pulumi/pulumi";
import type { MirrorModel } from "../../engine/model";
import { internalTopics, targetTopicName } from "../../engine/naming";
import { commonCopies, loopsOf, type MirrorView, sameCluster } from "../../engine/rules";
import { type ResolvedMirror, viewOf } from "../mirror/rules";
import type { MigrationArgs } from "../settings/migration";
import { isSame, mirrorNamespace, type Named, namedObjects } from "./names";

interface Declared {
  migration: string;
  objects: Named[];
  /** The mirror with its addresses. An address is undefined if it is a Pulumi output. */
  view: MirrorView;
  model: MirrorModel;
  /** False in phase `cleanup`, which has no mirror. */
  copies: boolean;
}

/** Objects that the migrations of one program have named so far. */
const byProgram = new WeakMap<object, Declared[]>();

/**
 * Checks that the migrations of one program share no object. In Kubernetes both objects would belong to the stack, so
 * the check for foreign objects would not find them. On one target, two mirrors would read each other's state, or mix
 * two topics in one.
 * @returns mistakes, and warnings about possible mistakes, because the topics of the clusters are not known yet
 */
export function sharedNames(
  migration: string,
  args: Partial<MigrationArgs>,
  mirror: ResolvedMirror,
  model: MirrorModel,
): { mistakes: string[]; warnings: string[] } {
  const program = pulumi.runtime.getStackResource();
  if (program === undefined) return { mistakes: [], warnings: [] };
  const others = byProgram.get(program) ?? [];
  const objects = namedObjects(args).filter((object) => object.foreign !== true);
  const view = placedView(migration, args, mirror);
  const own: Declared = { migration, objects, view, model, copies: args.phase !== "cleanup" };
  byProgram.set(program, [...others, own]);
  const shared = objects.flatMap((object) => {
    const other = others.find((o) => o.objects.some((named) => isSame(named, object)));
    if (other === undefined) return [];
    const seen =
      `${object.key} is "${object.name}": migration "${other.migration}" of this program calls its own in ` +
      `namespace ${object.namespace} so, too`;
    return [
      `${seen}; give ${object.what.replace(/^the Secret of (the .*(?:user|administrator).*)$/, "$1")} a name ` +
        "of its own",
    ];
  });
  const onTarget = others.filter((other) => haveOneTarget(own, other));
  const mixed = onTarget.map((other) => mixedTopics(own, other));
  const both = onTarget.flatMap((other) => sharedOnTarget(own, other));
  const copying = [...others, own].filter(({ copies }) => copies);
  const loops = own.copies && copying.length > 1 ? loopsOf(copying.map((one) => one.view)) : [];
  const mistakes = new Set([...shared, ...both, ...loops, ...mixed.flatMap((m) => m.mistakes)]);
  return { mistakes: [...mistakes], warnings: mixed.flatMap((m) => m.warnings) };
}

function placedView(migration: string, args: Partial<MigrationArgs>, mirror: ResolvedMirror): MirrorView {
  const view = viewOf(mirror);
  const placed = (side: "origin" | "target") => {
    const servers = args[side]?.bootstrapServers;
    return typeof servers === "string" ? { bootstrapServers: servers } : {};
  };
  return {
    ...view,
    resource: migration,
    label: `migration "${migration}"`,
    namespace: mirrorNamespace(args),
    origin: { ...view.origin, ...placed("origin") },
    target: { ...view.target, ...placed("target") },
  };
}

/** An address that is not known yet matches no other. */
function haveOneTarget({ view }: Declared, { view: other }: Declared): boolean {
  const known = view.target.bootstrapServers !== undefined && other.target.bootstrapServers !== undefined;
  return known && sameCluster(view, "target", other, "target");
}

function sharedOnTarget({ model }: Declared, { model: others, migration }: Declared): string[] {
  const onTarget = (one: MirrorModel) =>
    internalTopics(one)
      .filter((topic) => topic.side === "target")
      .map((topic) => topic.name);
  const both = onTarget(model).filter((name) => onTarget(others).includes(name));
  const where = `migration "${migration}" of this program uses the same on the same target`;
  return [
    ...(model.groupId === others.groupId
      ? [`target.groupId is "${model.groupId}": ${where}; set target.groupId to a name of its own`]
      : []),
    ...(both.length === 0
      ? []
      : [
          `topics ${both.join(", ")}: ${where}; set origin.alias, target.offsetStorageTopic, ` +
            "target.configStorageTopic and target.statusStorageTopic to names of their own",
        ]),
  ];
}

const WAY =
  "give them patterns that have no topic in common, or use DefaultReplicationPolicy with an alias of its own for each";

/**
 * If both patterns name the same topic, this is a mistake. If only wildcards overlap, this is a warning: the clusters
 * may have no such topic in common.
 */
function mixedTopics(own: Declared, other: Declared): { mistakes: string[]; warnings: string[] } {
  const both = own.copies && other.copies ? commonCopies(own.view, other.view) : [];
  const named = both.filter((name) => names(own.view, name) && names(other.view, name));
  const who = `migration "${other.migration}" of this program`;
  const copy = (name: string) => `topic ${targetTopicName(own.model, name)} of the same target`;
  const mistakes = named.map((name) => `topic ${name}: ${who} copies it into ${copy(name)}, too; ${WAY}`);
  if (named.length > 0 || both.length === 0) return { mistakes, warnings: [] };
  const like = `migration "${own.migration}": topics like ${both.slice(0, 3).join(", ")}`;
  const seen = `${like} would be copied by ${who}, too, into the same topics of the same target`;
  return { mistakes, warnings: [`${seen}: where both have such topics, their records are mixed. ${WAY}`] };
}

/** Returns true if the pattern contains the topic's full name. */
function names({ topicsPattern }: MirrorView, name: string): boolean {
  return topicsPattern.split(",").some((part) => part.trim().replaceAll("\\.", ".") === name);
}
