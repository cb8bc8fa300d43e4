import type { AclRule } from "../../engine/acls";
import { holds } from "../../engine/acls/cover";
import { modelFrom } from "../../engine/mirror-configuration";
import type { Side } from "../../engine/model";
import { internalTopics } from "../../engine/naming";
import { attempt, isUsualLogin, type MirrorView, sideFor } from "../../engine/rules";
import { homeOf, partsOf } from "./home";
import { type AnyResource, list, object, text } from "./plain";
import { placesIn } from "./side";
import { ruleOf } from "./users";

/** A possible owner of a certificate: a KafkaUser that logs in with one. */
interface Holder {
  resource: AnyResource;
  /** Undefined if it is not known yet. */
  name?: string;
  rules: readonly AclRule[];
}

/**
 * Sets `certificateOf` of each mirror that logs in with a client certificate, if the stack shows the user. Such a
 * mirror only names a Secret, and a copied Secret can have any name. The user is found by the resource that the
 * Secret's contents come from, by the Secret's name, or by the user's rules.
 */
export function tellCertificates(
  mirrors: readonly MirrorView[],
  kafkaUsers: readonly AnyResource[],
  secrets: readonly AnyResource[],
): void {
  const holders = kafkaUsers.flatMap(holderOf);
  for (const mirror of mirrors) {
    for (const side of ["origin", "target"] as const) {
      const authentication = attempt(() => mirror[side].authentication);
      const secret = attempt(() => (authentication?.type === "tls" ? authentication.secretName : undefined));
      if (authentication === undefined || secret === undefined) continue;
      const owner =
        madeFrom(
          secrets.filter((s) => isBeside(s, secret, mirror)),
          holders,
        ) ?? alike(holders, mirror, mirrors, side, secret);
      if (owner !== undefined) authentication.certificateOf = owner;
    }
  }
}

function holderOf(resource: AnyResource): Holder[] {
  const { metadata, spec } = partsOf(resource);
  if (!["tls", "tls-external"].includes(text(attempt(() => object(spec.authentication).type)) ?? "")) return [];
  const name = text(attempt(() => metadata.name));
  const rules = list(attempt(() => object(spec.authorization).acls)).flatMap((acl) => attempt(() => ruleOf(acl)) ?? []);
  return [{ resource, ...(name === undefined ? {} : { name }), rules: rules.filter((rule) => rule.type === "allow") }];
}

function isBeside(secret: AnyResource, name: string, mirror: MirrorView): boolean {
  const { metadata } = partsOf(secret);
  return (
    attempt(() => metadata.name === name && (metadata.namespace ?? mirror.namespace) === mirror.namespace) === true
  );
}

/**
 * The only user whose outputs are the source of a Secret's contents. The nearest user counts. Resources farther away
 * are only dependencies to wait for.
 */
function madeFrom(secrets: readonly AnyResource[], holders: readonly Holder[]): string | undefined {
  const seen = new Set<string>();
  let level = secrets.flatMap(({ propertyDependencies: from }) => [...(from?.data ?? []), ...(from?.stringData ?? [])]);
  while (level.length > 0) {
    const urns = new Set(level.map(({ urn }) => urn));
    const found = holders.filter(({ resource }) => urns.has(resource.urn));
    if (found.length > 0) return only(found);
    for (const urn of urns) seen.add(urn);
    level = level
      .flatMap(({ dependencies = [], propertyDependencies = {} }) => [
        ...dependencies,
        ...Object.values(propertyDependencies).flat(),
      ])
      .filter(({ urn }) => !seen.has(urn));
  }
  return undefined;
}

/**
 * The only user of the mirror's cluster on this side whose name is in the name of the Secret. Otherwise the only user
 * with rules that only a mirror has.
 */
function alike(
  holders: readonly Holder[],
  mirror: MirrorView,
  mirrors: readonly MirrorView[],
  side: Side,
  secret: string,
): string | undefined {
  const there = holders.filter(
    ({ resource }) => sideFor(placesIn({ names: [resource.name], ...homeOf(resource)[0] }, mirrors), mirror) === side,
  );
  // If a user has the usual name or the Secret's name, no guess is needed. A name that is not known yet may be one of
  // these.
  if (there.some(({ name }) => name === undefined || isUsualLogin(name, secret))) return undefined;
  const called = there.filter(({ name }) =>
    `-${secret}-`.replaceAll(".", "-").includes(`-${name}-`.replaceAll(".", "-")),
  );
  return only(called) ?? only(there.filter(({ rules }) => attempt(() => mirrorsRules(rules, mirror, side)) === true));
}

/**
 * Returns true for rules that only a mirror has: for its own topics or group, or for copying or creating topics with
 * their settings.
 */
function mirrorsRules(rules: readonly AclRule[], mirror: MirrorView, side: Side): boolean {
  const may = (type: string, operation: string) =>
    rules.some((rule) => rule.resource.type === type && rule.operations.includes(operation as "Read"));
  // The migration's administrator deletes topics and groups. A mirror never does.
  if (may("topic", "Delete") || may("group", "Delete")) return false;
  const model = modelFrom(mirror);
  const own = internalTopics(model)
    .filter((t) => t.side === side)
    .map(({ name }) => ({ type: "topic", name }));
  if (side === "target") own.push({ type: "group", name: model.groupId });
  const named = rules.some(
    ({ resource: { type, name, patternType } }) =>
      name !== undefined &&
      name !== "*" &&
      own.some((its) => its.type === type && holds({ name, patternType }, { name: its.name, patternType: "literal" })),
  );
  return (
    named ||
    (side === "origin"
      ? may("topic", "Read") && may("topic", "DescribeConfigs") && !may("group", "Read")
      : may("topic", "Write") && may("topic", "AlterConfigs"))
  );
}

function only(holders: readonly Holder[]): string | undefined {
  return holders.length === 1 ? holders[0]!.name : undefined;
}
