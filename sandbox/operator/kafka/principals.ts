import { pbkdf2, randomBytes } from "node:crypto";
import { isDeepStrictEqual, promisify } from "node:util";
// biome-ignore syntax/correctness/noTypeOnlyImportAttributes: TypeScript needs it to read the types of an ES module
import type { Admin } from "@platformatic/kafka" with { "resolution-mode": "import" };
import type { Grant, ResourceType } from "../user/acl";
import type { QuotaKey } from "../user/spec";

/** ACLs and SCRAM-SHA-512 credentials of one Kafka cluster. Principals are names without `User:`. */
export interface Principals {
  /** All ACLs of `User:` principals, by principal. */
  acls(): Promise<Map<string, Grant[]>>;
  addAcls(principal: string, grants: readonly Grant[]): Promise<void>;
  removeAcls(principal: string, grants: readonly Grant[]): Promise<void>;
  /** Users with a SCRAM-SHA-512 credential. */
  scramUsers(): Promise<Set<string>>;
  setPassword(user: string, password: string): Promise<void>;
  /** Removes the credential. A missing credential is not an error. */
  removePassword(user: string): Promise<void>;
  /** Sets the quotas of a principal, and removes those that it no longer has. */
  setQuotas(principal: string, quotas: Partial<Record<QuotaKey, number>>): Promise<void>;
  close(): Promise<void>;
}

/** Kafka's names of the quotas that a KafkaUser can have. */
const QUOTA_KEYS: readonly QuotaKey[] = [
  "producer_byte_rate",
  "consumer_byte_rate",
  "request_percentage",
  "controller_mutation_rate",
];

export interface AdminConnection {
  bootstrapServers: string;
  /** PEM certificate of the CA. */
  ca: string;
  admin: { username: string; password: string };
}

const SCRAM_SHA_512 = 2;
/** Kafka's minimum, which Strimzi also uses. */
const ITERATIONS = 4096;
const RESOURCE_NOT_FOUND = 91;

const derive = promisify(pbkdf2);

/** Opens no connection before the first call. */
export async function openPrincipals(cluster: AdminConnection): Promise<Principals> {
  const kafka = await import("@platformatic/kafka");
  const resourceTypes: Record<ResourceType, 2 | 3 | 4 | 5> = { topic: 2, group: 3, cluster: 4, transactionalId: 5 };
  const typeNames = new Map(
    Object.entries(resourceTypes).map(([name, value]) => [value as number, name as ResourceType]),
  );
  const operations: Record<string, number> = {
    All: 2,
    Read: 3,
    Write: 4,
    Create: 5,
    Delete: 6,
    Alter: 7,
    Describe: 8,
    ClusterAction: 9,
    DescribeConfigs: 10,
    AlterConfigs: 11,
    IdempotentWrite: 12,
    // A KafkaUser cannot request these, but another client may have created them.
    CreateTokens: 13,
    DescribeTokens: 14,
    TwoPhaseCommit: 15,
  };
  const operationNames = new Map(Object.entries(operations).map(([name, value]) => [value, name]));
  const { ResourceTypes, ResourcePatternTypes, AclOperations, AclPermissionTypes } = kafka;

  const admin: Admin = new kafka.Admin({
    clientId: "sandbox-operator",
    bootstrapBrokers: cluster.bootstrapServers.split(","),
    tls: { ca: cluster.ca },
    sasl: { mechanism: "SCRAM-SHA-512", username: cluster.admin.username, password: cluster.admin.password },
    retries: 3,
    retryDelay: 300,
  });

  /** The quotas that this operator has set. */
  const quotasOf = new Map<string, Partial<Record<QuotaKey, number>>>();

  async function anyConnection() {
    const [connection] = (await admin.connectToBrokers(null)).values();
    if (!connection) throw new Error(`no broker of ${cluster.bootstrapServers} can be reached`);
    return connection;
  }

  function toAcl(principal: string, grant: Grant) {
    return {
      resourceType: resourceTypes[grant.resourceType],
      resourceName: grant.resourceName,
      resourcePatternType:
        grant.patternType === "prefixed" ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: `User:${principal}`,
      host: grant.host,
      operation: operations[grant.operation] as 3,
      permissionType: grant.permission === "deny" ? AclPermissionTypes.DENY : AclPermissionTypes.ALLOW,
    };
  }

  return {
    async acls() {
      const found = await admin.describeAcls({
        filter: {
          resourceType: ResourceTypes.ANY,
          resourceName: null,
          resourcePatternType: ResourcePatternTypes.ANY,
          principal: null,
          host: null,
          operation: AclOperations.ANY,
          permissionType: AclPermissionTypes.ANY,
        },
      });
      const byPrincipal = new Map<string, Grant[]>();
      for (const resource of found) {
        const resourceType = typeNames.get(resource.resourceType);
        // A KafkaUser's rules cannot name delegation tokens or users.
        if (resourceType === undefined) continue;
        for (const acl of resource.acls) {
          if (!acl.principal.startsWith("User:")) continue;
          const principal = acl.principal.slice("User:".length);
          const grants = byPrincipal.get(principal) ?? [];
          grants.push({
            resourceType,
            resourceName: resource.resourceName,
            patternType: resource.resourcePatternType === ResourcePatternTypes.PREFIXED ? "prefixed" : "literal",
            host: acl.host,
            operation: operationNames.get(acl.operation) ?? `operation ${acl.operation}`,
            permission: acl.permissionType === AclPermissionTypes.DENY ? "deny" : "allow",
          });
          byPrincipal.set(principal, grants);
        }
      }
      return byPrincipal;
    },
    async addAcls(principal, grants) {
      if (grants.length > 0) await admin.createAcls({ creations: grants.map((grant) => toAcl(principal, grant)) });
    },
    async removeAcls(principal, grants) {
      if (grants.length > 0) await admin.deleteAcls({ filters: grants.map((grant) => toAcl(principal, grant)) });
    },
    async scramUsers() {
      const { results } = await kafka.describeUserScramCredentialsV0.api.async(await anyConnection(), []);
      return new Set(
        results.filter((r) => r.credentialInfos.some((c) => c.mechanism === SCRAM_SHA_512)).map((r) => r.user),
      );
    },
    async setPassword(user, password) {
      const salt = randomBytes(24);
      const saltedPassword = await derive(password, salt, ITERATIONS, 64, "sha512");
      await kafka.alterUserScramCredentialsV0.api.async(
        await anyConnection(),
        [],
        [{ name: user, mechanism: SCRAM_SHA_512, iterations: ITERATIONS, salt, saltedPassword }],
      );
    },
    async removePassword(user) {
      try {
        await kafka.alterUserScramCredentialsV0.api.async(
          await anyConnection(),
          [{ name: user, mechanism: SCRAM_SHA_512 }],
          [],
        );
      } catch (error) {
        const results = (error as { response?: { results?: { errorCode: number }[] } }).response?.results;
        if (!results?.every((result) => result.errorCode === RESOURCE_NOT_FOUND)) throw error;
      }
    },
    async setQuotas(principal, quotas) {
      const before = quotasOf.get(principal);
      if (isDeepStrictEqual(before ?? {}, quotas)) return;
      const ops = QUOTA_KEYS.map((key) =>
        quotas[key] === undefined ? { key, remove: true } : { key, value: quotas[key], remove: false },
      );
      const entities = [{ entityType: "user" as const, entityName: principal }];
      await kafka.alterClientQuotasV1.api.async(await anyConnection(), [{ entities, ops }] as never, false);
      quotasOf.set(principal, quotas);
    },
    close: () => admin.close(),
  };
}
