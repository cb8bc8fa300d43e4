import * as pulumi from "@pulumi/pulumi";
import type { MigrationArgs } from "./args";
import { isSame, type Named, namedObjects } from "./names";

/** What the migrations of one program have named so far. */
const byProgram = new WeakMap<object, { migration: string; objects: Named[] }[]>();

/**
 * Several migrations in one program must not share an object: in Kubernetes both would be the stack's, so that neither is
 * found to be taken.
 */
export function sharedNames(migration: string, args: Partial<MigrationArgs>): string[] {
  const program = pulumi.runtime.getStackResource();
  if (program === undefined) return [];
  const others = byProgram.get(program) ?? [];
  const objects = namedObjects(args).filter((object) => object.foreign !== true);
  byProgram.set(program, [...others, { migration, objects }]);
  const shared = objects.flatMap((object) => {
    const other = others.find((o) => o.objects.some((named) => isSame(named, object)));
    return other === undefined ? [] : [`${object.key} is "${object.name}": migration "${other.migration}" of this program calls its own in namespace ${object.namespace} so, too; give ${object.what.replace(/^the Secret of (the .*(?:user|administrator).*)$/, "$1")} a name of its own`];
  });
  return [...new Set(shared)];
}
