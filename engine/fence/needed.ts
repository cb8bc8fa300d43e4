import { aclKey } from "../acls";
import { MigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { wholeMirror } from "../parts";
import { countText, someOf } from "../units";
import { type FenceAcl, fenceAcls, fencedTopics, markedAcls, uncovered } from "./acls";
import { everyoneByDefault, saysNoAuthorizer } from "./everyone";
import { askDefault } from "./open-probe";
import type { FenceOptions } from "./types";

/** The ACLs that the fence needs now. Topics and principals may have been added since it was raised. */
export async function wanted(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: FenceOptions,
): Promise<{ topics: string[]; needed: FenceAcl[]; acls: Acl[] }> {
  const [listed, acls] = await Promise.all([origin.listTopics(), listAcls(origin)]);
  const topics = fencedTopics(listed, mirror);
  // The fence's own ACLs must not count as existing ACLs of other people. Neither must those of other parts' fences.
  const marked = markedAcls(wholeMirror(mirror), acls);
  const ours = new Set(marked.map((r) => aclKey(r.acl)));
  const others = acls.filter((a) => !ours.has(aclKey(a)));
  const opened = await mustStayOpen(origin, uncovered(topics, others), acls, options);
  return { topics, needed: fenceAcls(mirror, topics, others, options.except ?? [], opened), acls };
}

/**
 * The topics without an ACL that everybody may use. The first ACL would take that right away.
 * @param acls every ACL of the origin
 */
async function mustStayOpen(
  origin: KafkaPort,
  bare: string[],
  acls: readonly Acl[],
  options: FenceOptions,
): Promise<string[]> {
  if (bare.length === 0 || options.everyoneByDefault === false) return [];
  if (options.everyoneByDefault === true) return bare;
  const everyone = await everyoneByDefault(origin);
  if (everyone !== undefined) return everyone ? bare : [];
  // A login that is not a super user sees what the brokers do with a name that no ACL covers.
  const found = await askDefault(origin, acls);
  if (found === "closed" || found === "open") return found === "open" ? bare : [];
  throw new MigrationError(
    "FENCE_DEFAULT_UNKNOWN",
    `no ACL names ${countText(bare.length, "migrated topic")} (${someOf(bare, 5)}), the brokers do not ` +
      "show allow.everyone.if.no.acl.found, and this login cannot find out what they do",
    {
      fix:
        "set fenceOptions.everyoneByDefault to the value of allow.everyone.if.no.acl.found on the origin's " +
        "brokers; with true, the fence also adds an ACL that keeps reads allowed",
    },
  );
}

async function listAcls(origin: KafkaPort): Promise<Acl[]> {
  try {
    return await origin.describeAcls();
  } catch (error) {
    if (saysNoAuthorizer(error)) {
      throw new MigrationError(
        "FENCE_NO_AUTHORIZER",
        "the origin's brokers have no authorizer, so no ACL can stop a producer",
        {
          fix: "switch the fence off (fence: false) and stop the producers; the gate checks that nothing is written",
          cause: error,
        },
      );
    }
    throw error;
  }
}
