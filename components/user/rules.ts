import type { AclRule } from "../../engine/acls";
import type { MirrorModel, Side } from "../../engine/model";
import { missingRights, refusals, type Text, type UserView } from "../../engine/rules";

/** What is known of a user before it is declared. */
export interface KnownUser {
  role: Side;
  /** Undefined: known later. */
  name?: string;
  rules: readonly AclRule[];
  /** Whose the rules are: the guide's own, another profile's, or exactly those that were given. */
  from: "guide" | "profile" | "given";
  /** What its mirror was told. */
  mirror?: MirrorModel;
  texts?: readonly Text[];
}

export const DEFAULT_USER = "mm2-credentials";

/**
 * What the policy pack's mandatory rules forbid, from the same definition. How wide the guide's own rights are is known
 * and documented, so that is not asked. Given rules may be another user's than the mirror's: whether the mirror can do
 * with them is asked of those with the usual name only.
 */
export function refusalsOf({ role, name, rules, from, mirror, texts = [] }: KnownUser): string[] {
  const user: UserView = {
    resource: "",
    label: "",
    ...(name === undefined ? {} : { name }),
    side: role,
    ofMirror: true,
    maker: "operator",
    rules,
    singular: 0,
    singularRead: true,
    texts,
  };
  const wide = refusals({ users: [user] }, from === "guide" ? ["origin-write-everything"] : []);
  const asked = mirror !== undefined && (from !== "given" || name === DEFAULT_USER);
  return [...wide, ...(asked ? missingRights(user, role, mirror) : [])];
}
