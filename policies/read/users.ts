import { entry } from "../../engine/objects";
import type { AclOperation, AclResource, AclRule } from "../../engine/acls";
import type { Side } from "../../engine/model";
import {
  attempt,
  fields,
  logsInAs,
  type MirrorView,
  textsOf,
  type UserView,
  type WrittenAcl,
} from "../../engine/rules";
import { clusterOf, homeOf, partsOf } from "./home";
import { type AnyResource, apiVersionOf, type Json, known, list, object, text } from "./plain";
import { type Hints, type Home, isNear, placesIn } from "./side";

/** Facts about a KafkaUser from other resources of the stack. */
export interface Surroundings {
  /** Other clients that log in as this user. */
  alsoFor: readonly string[];
  superUser: boolean;
  /** It belongs to another Kafka resource than the mirrors' one, which has the same name. */
  elsewhere: boolean;
  /** Whether the operators read `operation` in v1beta2. Undefined if it is not known. */
  readsSingular: boolean | undefined;
}

export function readKafkaUser(
  resource: AnyResource,
  mirrors: readonly MirrorView[],
  { alsoFor, superUser, elsewhere, readsSingular }: Surroundings,
): UserView {
  const props = object(known(resource.props));
  const metadata = object(attempt(() => props.metadata));
  const spec = object(attempt(() => props.spec));
  const name = attempt(() => text(metadata.name) ?? (isLater(props, "metadata") ? undefined : resource.name));
  const namespace = text(attempt(() => metadata.namespace));
  const apiVersion = apiVersionOf(resource, props);
  const authorization = attempt(() => spec.authorization);
  const written = attempt(() => object(authorization).acls);
  const acls = list(written);
  const rules = acls.map((acl) => attempt(() => ruleOf(acl)));
  const vague =
    rules.includes(undefined) ||
    (Array.isArray(written) && written.length > acls.length) ||
    ["spec", "authorization", "acls"].some((key, i) => isLater([props, spec, object(authorization)][i]!, key));
  const has = (acl: Json, key: string) => isLater(acl, key) || acl[key] !== undefined;
  return {
    resource: resource.urn,
    label: `KafkaUser ${[namespace, name].filter(Boolean).join("/")}`,
    ...(name === undefined ? {} : { name }),
    ...(elsewhere
      ? { places: [], ofMirror: false }
      : placeOf(
          name,
          {
            names: [resource.name],
            ...fields<Home>({
              cluster: () => clusterOf(metadata),
              namespace: () => namespace,
            }),
          },
          mirrors,
        )),
    maker: "operator",
    apiVersion,
    rules: rules.filter((rule) => rule !== undefined),
    acls: acls.flatMap((acl, i) => attempt(() => writtenAcl(acl, `acls[${i}]`)) ?? []),
    vague,
    ...fields<Pick<UserView, "authorization">>({
      authorization: () => text(attempt(() => object(authorization).type)),
    }),
    singular: acls.filter((acl) => has(acl, "operation") && !has(acl, "operations")).length,
    singularRead: /\/v1beta2$/.test(apiVersion) ? (readsSingular ?? "perhaps") : /\/v1(alpha|beta)1$/.test(apiVersion),
    ...(alsoFor.length === 0 ? {} : { alsoFor }),
    ...(superUser ? { superUser } : {}),
    texts: [
      ...textsOf(spec, "spec"),
      ...textsOf(
        attempt(() => metadata.annotations),
        "metadata.annotations",
      ),
    ],
  };
}

/**
 * The KafkaUsers of a Kafka resource that no mirror uses: one with the same name and label is in the namespace of the
 * mirrors' own. Without it, the operator of the mirrors' Kafka resource may watch the other namespace.
 */
export function namesakes(users: readonly AnyResource[], mirrors: readonly MirrorView[]): Set<AnyResource> {
  const all = users.flatMap((user) =>
    homeOf(user).map((home) => ({
      user,
      key: JSON.stringify([home.cluster, text(attempt(() => partsOf(user).metadata.name))]),
      near: isNear(home, mirrors),
    })),
  );
  const near = new Set(all.filter((one) => one.near).map(({ key }) => key));
  return new Set(all.filter((one) => !one.near && near.has(one.key)).map(({ user }) => user));
}

/**
 * One user per principal and cluster, from its ACLs and credentials. A user whose name is not known yet is kept apart
 * from the others.
 * @param owned returns true if there is a user operator at this address
 */
export function readKafkaPrincipals(
  resources: readonly AnyResource[],
  mirrors: readonly MirrorView[],
  owned: (servers: string | undefined) => boolean,
): UserView[] {
  const users = new Map<string, UserView>();
  let vague = false;
  for (const resource of resources) {
    const props = object(known(resource.props));
    const credential = resource.type.endsWith("UserScramCredential");
    const name = attempt(() => text(props.username) ?? text(props.aclPrincipal)?.replace(/^User:/, ""));
    // The principal of an ACL may be known only after the update.
    if (name === undefined && !credential) vague = true;
    const bootstrapServers = serversOf(object(known(resource.provider?.props)));
    const place = placeOf(
      name,
      {
        names: [resource.name, resource.provider?.name ?? ""],
        ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
      },
      mirrors,
    );
    const key = JSON.stringify(
      name === undefined
        ? resource.urn
        : [place.side, (place.places ?? []).map(({ mirror, side }) => [mirrors.indexOf(mirror), side]), name],
    );
    const rule = credential || name === undefined ? [] : attempt(() => kafkaRule(props));
    const user: UserView = users.get(key) ?? {
      resource: resource.urn,
      label:
        name === undefined
          ? `${credential ? "UserScramCredential" : "Acl"} ${resource.name}`
          : `principal User:${name}`,
      ...(name === undefined ? {} : { name }),
      ...place,
      maker: "kafka",
      ...(owned(bootstrapServers) ? { owned: true } : {}),
      rules: [],
      singular: 0,
      singularRead: true,
      texts: [],
    };
    users.set(key, {
      ...user,
      rules: [...user.rules, ...(rule ?? [])],
      vague: user.vague === true || rule === undefined,
    });
  }
  return [...users.values()].map((user) => ({ ...user, vague: vague || user.vague === true }));
}

export function serversOf(provider: Json): string | undefined {
  return attempt(() =>
    Array.isArray(provider.bootstrapServers) ? provider.bootstrapServers.join(",") : text(provider.bootstrapServers),
  );
}

/** The side of a user, and whether a mirror logs in as this user. */
function placeOf(
  name: string | undefined,
  hints: Hints,
  mirrors: readonly MirrorView[],
): Pick<UserView, "side" | "places" | "ofMirror"> {
  const { sides, ...place } = placesIn(name === undefined ? hints : { ...hints, username: name }, mirrors);
  const is = (mirror: MirrorView | undefined, known: Side | undefined) =>
    (known === undefined ? (["origin", "target"] as const) : [known]).some(
      (s) => name !== undefined && logsInAs(mirror, s, name),
    );
  return { ...place, ofMirror: sides.some((known, i) => is(mirrors[i], known)) };
}

const isLater = (object: Json, key: string) => Object.getOwnPropertyDescriptor(object, key)?.get !== undefined;

/** Undefined if a part of it is not known yet. Another rule reports the singular `operation`. */
function writtenAcl(acl: Json, path: string): WrittenAcl {
  const resource = object(acl.resource);
  const operations = acl.operations ?? (acl.operation === undefined ? undefined : [acl.operation].flat());
  return fieldsGiven({
    path,
    both: acl.operations !== undefined && acl.operation !== undefined ? true : undefined,
    singular: acl.operations === undefined && acl.operation !== undefined ? true : undefined,
    listed: Array.isArray(acl.operation) ? true : undefined,
    nested: acl.operations === undefined && resource.operations !== undefined ? true : undefined,
    plainOperations: Array.isArray(acl.operations) ? undefined : text(acl.operations),
    plainResource: Array.isArray(acl.resource) ? "a list" : quoted(acl.resource),
    plainName: ["number", "boolean"].includes(typeof resource.name) ? String(resource.name) : undefined,
    permission: text(acl.type),
    operations: Array.isArray(operations) ? operations.map(String) : undefined,
    type: text(resource.type),
    name: text(resource.name),
    patternType: text(resource.patternType),
  });
}

const fieldsGiven = (acl: { [K in keyof WrittenAcl]: WrittenAcl[K] | undefined }) =>
  Object.fromEntries(Object.entries(acl).filter(([, value]) => value !== undefined)) as unknown as WrittenAcl;

export function ruleOf(acl: Json): AclRule {
  const resource = object(acl.resource);
  const operations = (Array.isArray(acl.operations) ? [...acl.operations] : [acl.operation]).filter(
    (operation) => typeof operation === "string",
  );
  return {
    // The view keeps allow and deny rules. The rules distinguish them by type.
    type: (text(acl.type) ?? "allow") as "allow",
    host: text(acl.host) ?? "*",
    operations: operations as AclOperation[],
    resource: {
      type: (text(resource.type) ?? "topic") as AclResource["type"],
      ...named(resource.name),
      patternType: resource.patternType === "prefix" ? "prefix" : "literal",
    },
  };
}

const KAFKA_TYPES: Record<string, AclResource["type"]> = {
  topic: "topic",
  group: "group",
  cluster: "cluster",
  transactionalid: "transactionalId",
};

function kafkaRule(props: Json): AclRule[] {
  const type = entry(KAFKA_TYPES, (text(props.aclResourceType) ?? "").toLowerCase());
  const operation = text(props.aclOperation);
  if (type === undefined || operation === undefined) return [];
  const patternType = text(props.resourcePatternTypeFilter)?.toLowerCase() === "prefixed" ? "prefix" : "literal";
  const resource: AclResource =
    type === "cluster" ? { type, patternType: "literal" } : { type, patternType, ...named(props.aclResourceName) };
  return [
    {
      type: (text(props.aclPermissionType) ?? "Allow").toLowerCase() as "allow",
      host: text(props.aclHost) ?? "*",
      operations: [operation as AclOperation],
      resource,
    },
  ];
}

const named = (name: unknown) => (typeof name === "string" ? { name } : {});

const quoted = (value: unknown) => (text(value) === undefined ? undefined : `"${text(value)!}"`);
