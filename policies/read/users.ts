import type { AclOperation, AclResource, AclRule } from "../../engine/acls";
import { type MirrorView, textsOf, type UserView } from "../../engine/rules";
import { optional } from "./mirror";
import { type AnyResource, type Json, known, list, object, text } from "./plain";
import { sideOf } from "./side";

/** The mirror's user in the guide and in this package, for a preview in which its name is not known yet. */
const USUAL_NAME = "mm2-credentials";

export function readKafkaUser(resource: AnyResource, mirror: MirrorView | undefined): UserView {
  const props = object(known(resource.props));
  const metadata = object(props.metadata);
  const spec = object(props.spec);
  const { name = resource.name, namespace } = metadata as { name?: string; namespace?: string };
  const acls = list(object(spec.authorization).acls);
  const apiVersion = text(props.apiVersion) ?? "";
  const labels = object(metadata.labels);
  const cluster = text(labels["strimzi.io/cluster"]) ?? text(labels["eventstreams.ibm.com/cluster"]);
  const side = sideOf({ names: [resource.name], ...optional("cluster", cluster), ...optional("namespace", namespace) }, mirror);
  return {
    resource: resource.urn,
    label: `KafkaUser ${[namespace, name].filter(Boolean).join("/")}`,
    name,
    ...optional("side", side),
    ofMirror: isMirrors(name, side, mirror),
    maker: "operator",
    apiVersion,
    rules: acls.map(ruleOf),
    singular: acls.filter((acl) => acl.operation !== undefined && acl.operations === undefined).length,
    singularKnown: /\/v1(alpha|beta)1$/.test(apiVersion),
    texts: textsOf(spec, "spec"),
  };
}

/** One user per principal and cluster, from its ACLs and credentials. */
export function readKafkaPrincipals(resources: readonly AnyResource[], mirror: MirrorView | undefined): UserView[] {
  const users = new Map<string, UserView>();
  for (const resource of resources) {
    const props = object(known(resource.props));
    const name = text(props.username) ?? text(props.aclPrincipal)?.replace(/^User:/, "") ?? (resource.type.endsWith("UserScramCredential") ? USUAL_NAME : undefined);
    if (name === undefined) continue;
    const provider = object(known(resource.provider?.props));
    const side = sideOf({ names: [resource.name, resource.provider?.name ?? ""], ...optional("bootstrapServers", serversOf(provider)) }, mirror);
    const key = JSON.stringify([side, name]);
    const user = users.get(key) ?? {
      resource: resource.urn,
      label: `principal User:${name}`,
      name,
      ...optional("side", side),
      ofMirror: isMirrors(name, side, mirror),
      maker: "kafka",
      rules: [],
      singular: 0,
      singularKnown: true,
      texts: [],
    };
    users.set(key, { ...user, rules: [...user.rules, ...kafkaRule(props)] });
  }
  return [...users.values()];
}

export function serversOf(provider: Json): string | undefined {
  const { bootstrapServers } = provider;
  return Array.isArray(bootstrapServers) ? bootstrapServers.join(",") : text(bootstrapServers);
}

function isMirrors(name: string, side: UserView["side"], mirror: MirrorView | undefined): boolean {
  const sides = side === undefined ? (["origin", "target"] as const) : [side];
  return sides.some((s) => {
    const authentication = mirror?.[s].authentication;
    return name === (authentication?.username ?? (authentication?.type === "tls" ? authentication.secretName : undefined) ?? USUAL_NAME);
  });
}

function ruleOf(acl: Json): AclRule {
  const resource = object(acl.resource);
  const operations = Array.isArray(acl.operations) ? acl.operations : acl.operation === undefined ? [] : [acl.operation];
  return {
    // A deny rule is no right: the rules look at what is allowed.
    type: (text(acl.type) ?? "allow") as "allow",
    host: text(acl.host) ?? "*",
    operations: operations as AclOperation[],
    resource: {
      type: (text(resource.type) ?? "topic") as AclResource["type"],
      ...optional("name", text(resource.name)),
      patternType: resource.patternType === "prefix" ? "prefix" : "literal",
    },
  };
}

const KAFKA_TYPES: Record<string, AclResource["type"]> = { topic: "topic", group: "group", cluster: "cluster", transactionalid: "transactionalId" };

function kafkaRule(props: Json): AclRule[] {
  const type = KAFKA_TYPES[(text(props.aclResourceType) ?? "").toLowerCase()];
  const operation = text(props.aclOperation);
  if (type === undefined || operation === undefined) return [];
  const patternType = text(props.resourcePatternTypeFilter)?.toLowerCase() === "prefixed" ? "prefix" : "literal";
  const resource: AclResource = type === "cluster" ? { type, patternType: "literal" } : { type, patternType, ...optional("name", text(props.aclResourceName)) };
  return [{ type: (text(props.aclPermissionType) ?? "Allow").toLowerCase() as "allow", host: text(props.aclHost) ?? "*", operations: [operation as AclOperation], resource }];
}
