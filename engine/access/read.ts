import type { Clusters } from "../clusters";
import { isMigrationError } from "../errors";
import { aclsIfAny, everyoneByDefault } from "../fence";
import { askDefault } from "../fence/open-probe";
import type { Acl, KafkaPort } from "../kafka/port";
import type { Side } from "../model";
import type { Existing } from "./names";
import type { AccessOptions, ClusterAccess } from "./types";

/** What was read of one cluster, and what could not be read. */
interface Read {
  /** Undefined: the cluster has no authorizer, or this login may not list ACLs. */
  access: ClusterAccess | undefined;
  hasAuthorizer: boolean;
  /** One sentence each. */
  unknown: string[];
}

export interface BothRead {
  /** Undefined: the ACLs of at least one cluster cannot be compared. `unknown` says why. */
  access: Record<Side, ClusterAccess> | undefined;
  /** True: neither cluster has an authorizer. */
  open: boolean;
  unknown: string[];
}

/** Reads ACLs, SCRAM users and quotas of both clusters. Something that this login may not read is not an error. */
export async function readAccess(clusters: Clusters, options: AccessOptions): Promise<BothRead> {
  const [origin, target] = await Promise.all([
    readSide(clusters.origin, options.everyoneByDefault?.origin),
    readSide(clusters.target, options.everyoneByDefault?.target),
  ]);
  const unknown = [...origin.unknown, ...target.unknown];
  if (!origin.hasAuthorizer && !target.hasAuthorizer) return { access: undefined, open: true, unknown: [] };
  if (origin.access === undefined || target.access === undefined) return { access: undefined, open: false, unknown };
  return { access: { origin: origin.access, target: target.access }, open: false, unknown };
}

async function readSide(port: KafkaPort, told: boolean | undefined): Promise<Read> {
  const { side } = port;
  const unknown: string[] = [];
  const acls = await listAcls(port);
  if (acls === "no authorizer") {
    const text = `the ${side}'s brokers have no authorizer: everybody may do everything there`;
    return { access: undefined, hasAuthorizer: false, unknown: [text] };
  }
  if (acls === "unauthorized") {
    const text = `the administrator may not list ACLs on the ${side} (Describe on the cluster)`;
    return { access: undefined, hasAuthorizer: true, unknown: [text] };
  }
  const users = await ifAllowed(() => port.scramUsers());
  if (!users.allowed) unknown.push(`the administrator may not list users on the ${side} (Describe on the cluster)`);
  const quotas = await ifAllowed(() => port.clientQuotas());
  if (!quotas.allowed)
    unknown.push(`the administrator may not list quotas on the ${side} (DescribeConfigs on the cluster)`);
  const open = told ?? (await isOpen(port, acls));
  if (open === undefined)
    unknown.push(
      `the ${side}'s brokers hide allow.everyone.if.no.acl.found, and it was taken for false: set ` +
        `preflight.everyoneByDefault.${side}`,
    );
  return {
    access: {
      acls,
      everyoneByDefault: open === true,
      ...(users.value === undefined ? {} : { users: users.value }),
      ...(quotas.value === undefined ? {} : { quotas: quotas.value }),
    },
    hasAuthorizer: true,
    unknown,
  };
}

async function isOpen(port: KafkaPort, acls: readonly Acl[]): Promise<boolean | undefined> {
  const shown = await everyoneByDefault(port);
  if (shown !== undefined) return shown;
  const found = await askDefault(port, acls);
  return found === "open" ? true : found === "closed" ? false : undefined;
}

async function listAcls(port: KafkaPort): Promise<Acl[] | "no authorizer" | "unauthorized"> {
  try {
    return (await aclsIfAny(port)) ?? "no authorizer";
  } catch (error) {
    if (isUnauthorized(error)) return "unauthorized";
    throw error;
  }
}

/** A broker that is too old for the request has nothing to compare: `value` is undefined. */
async function ifAllowed<T>(read: () => Promise<T | undefined>): Promise<{ allowed: boolean; value?: T | undefined }> {
  try {
    return { allowed: true, value: await read() };
  } catch (error) {
    if (isUnauthorized(error)) return { allowed: false };
    throw error;
  }
}

const isUnauthorized = (error: unknown): boolean => isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED";

/** Names on the origin, and the transactional ids in use there. */
export async function readNames(origin: KafkaPort): Promise<Existing> {
  const [topics, groups, ids] = await Promise.all([
    origin.listTopics(),
    origin.listGroups(),
    origin.transactionalIds(),
  ]);
  return { topics, groups: groups.map(({ groupId }) => groupId), transactionalIds: ids ?? [] };
}
