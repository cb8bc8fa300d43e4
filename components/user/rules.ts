import type { AclRule } from "../../engine/acls";
import type { MirrorModel, Side } from "../../engine/model";
import { missingRights, refusals, type Text, type UserView } from "../../engine/rules";

/** What is known about a user before it is declared. */
export interface KnownUser {
  role: Side;
  /** Undefined: not known yet. */
  name?: string;
  rules: readonly AclRule[];
  /** Source of the rules: the guide, another profile, or given by the user of this package. */
  from: "guide" | "profile" | "given";
  /** The settings of its mirror. */
  mirror?: MirrorModel;
  texts?: readonly Text[];
}

export const DEFAULT_USER = "mm2-credentials";

/**
 * Returns what the policy pack's mandatory rules forbid. Uses the same definition as the pack. The guide's rights are
 * wide. This is documented, so they are not reported. Given rules may be for another user than the mirror's. Only with
 * the default user name are they checked for what the mirror needs.
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
