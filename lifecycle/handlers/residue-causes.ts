import type { Residue } from "../../engine/cleanup";
import type { Side } from "../../engine/model";
import type { ObjectsOn } from "../kubernetes/left";
import type { ObjectPlace } from "../kubernetes/reader";

/** Facts from which the causes of residue are derived. */
export interface ResidueFacts {
  when: "cleanup" | "destroy";
  /** Objects that the migration declared. */
  kubernetes: readonly ObjectsOn[];
}

/**
 * Returns one line per cause: why the residue exists and what to do. Never suggests an `up` that would create the
 * mirror again.
 */
export function waysOut(residue: readonly Residue[], facts: ResidueFacts): string {
  const causes = new Set(residue.map((r) => causeOf(r, facts)));
  const again =
    facts.when === "destroy"
      ? "then run `pulumi destroy` again"
      : "then run the same command again: `pulumi destroy`, or `pulumi up` with phase cleanup (an up in phase " +
        "mirror or cutover would create the mirror again)";
  return `${[...causes].join("; ")}; ${again}`;
}

/** Residue that belongs to a user. */
const OF_USERS: Partial<Record<Residue["kind"], string>> = { acl: "ACLs", credential: "credentials", quota: "quotas" };

function causeOf(r: Residue, facts: ResidueFacts): string {
  if (r.kind === "object") return causeOfObject(r, facts);
  if (r.side !== "kubernetes" && OF_USERS[r.kind] !== undefined) {
    if (r.what.includes("fence")) return "stop `kafka-migration fence --hold`, which creates the fence's ACLs again";
    const user = operatorsUser(nameOfUser(r.name), r.side, facts);
    return user === undefined
      ? `remove the ${OF_USERS[r.kind]} of these users on the ${r.side} (kafka-acls.sh, kafka-configs.sh)`
      : userOperatorDown(r.side, user);
  }
  if (r.kind === "throttle" || r.kind === "reassignment") {
    return (
      "wait until no reassignment is in progress, then remove the throttle with `kafka-migration replication " +
      "--cancel`"
    );
  }
  return (
    "find the MirrorMaker 2 or Connect worker that still runs or ran since, and stop it; then delete what it " +
    "created"
  );
}

function causeOfObject(r: Residue, facts: ResidueFacts): string {
  if (r.waitsFor !== undefined) {
    return (
      `${r.name} is being deleted and waits for the finalizer ${r.waitsFor.join(", ")}: start the controller ` +
      "that removes this finalizer, or remove the finalizer"
    );
  }
  const [kind = "", place = ""] = r.name.split(" ");
  const [namespace = "", name = ""] = place.split("/");
  if (kind === "Secret") {
    const owner = facts.kubernetes.find(
      (k) => k.owner === undefined && k.places.some((p) => p.namespace === namespace && name.endsWith(p.name)),
    );
    if (owner !== undefined) return userOperatorDown(owner.side, { namespace, name: owner.places[0]!.name });
  }
  return `find out what creates ${r.name} again (for instance a GitOps controller) and stop it; then delete the object`;
}

function userOperatorDown(
  side: Side | undefined,
  { namespace, name }: Pick<ObjectPlace, "namespace" | "name">,
): string {
  const whose = side === undefined ? `in namespace ${namespace}` : `of the ${side} (namespace ${namespace})`;
  return (
    `KafkaUser ${namespace}/${name} is deleted, but the user operator ${whose} has not removed its ACLs, ` +
    "credentials or Secret: " +
    "check that the operator runs and watches the namespace; it then removes the rest"
  );
}

/** `User:mm2 Allow ...` and `mm2` name the same user. A user with a certificate is `User:CN=mm2`. */
function nameOfUser(text: string): string {
  return text.split(" ", 1)[0]!.replace(/^User:(CN=)?/, "");
}

/** Returns the KafkaUser of this name that the migration created for this side. */
function operatorsUser(name: string, side: Side, { kubernetes }: ResidueFacts): ObjectPlace | undefined {
  const users = kubernetes.flatMap((k) =>
    k.places.filter((p) => p.kind === "KafkaUser" && p.name === name).map((place) => ({ side: k.side, place })),
  );
  // The state of an older version does not contain the side.
  return (users.find((u) => u.side === side) ?? users.find((u) => u.side === undefined))?.place;
}
