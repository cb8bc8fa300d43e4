import type * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import { defaultsOf } from "../../engine/setting";
import { Access } from "../../lifecycle/resources";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { ownUsers } from "./clients";
import { everyoneByDefault } from "./preflight";

type AccessArgs = ConstructorParameters<typeof Access>[1];

/**
 * Declares the step that compares who may do what on both clusters. It comes before the fence: if it fails, nothing has
 * been changed. Undefined: `access` is `none`.
 * @param returnPrincipal principal of the return mirror on the origin
 */
export function equalAccess(
  name: string,
  step: Omit<AccessArgs, "mode" | "options">,
  args: MigrationArgs,
  returnPrincipal: string | undefined,
  options: pulumi.CustomResourceOptions,
): Access | undefined {
  const mode = args.access ?? defaultsOf(stepShape).access;
  if (mode === "none") return undefined;
  // An operator's user logs in with a password or with a certificate.
  const own = Object.keys(ownUsers(args)).flatMap((user) => [`User:${user}`, `User:CN=${user}`]);
  const ignore = [...new Set([...own, ...(returnPrincipal === undefined ? [] : [returnPrincipal])])].sort();
  const { groups, excludeGroups } = args.offsets ?? {};
  const compared = defined({ ignore, everyoneByDefault: everyoneByDefault(args), groups, excludeGroups });
  return new Access(name, { ...step, mode, options: compared }, options);
}
