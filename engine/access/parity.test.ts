import { describe, expect, test } from "vitest";
import { testMirror } from "../../test/support/models";
import { acl } from "../../test/engine/access/samples";
import type { Acl } from "../kafka/port";
import { aclText } from "../kafka/acl-text";
import { compareAccess } from "./parity";
import type { AccessOptions, ClusterAccess } from "./types";

const none = { topics: [], groups: [], transactionalIds: [] };
const mirror = testMirror();

function compare(
  origin: readonly Acl[] | ClusterAccess,
  target: readonly Acl[] | ClusterAccess,
  existing: Partial<typeof none> | Record<string, string[]> = {},
  options: AccessOptions = {},
  of = mirror,
) {
  const cluster = (given: readonly Acl[] | ClusterAccess) =>
    Array.isArray(given) ? { acls: given as Acl[] } : (given as ClusterAccess);
  const all = { topics: ["invoices", "orders"], groups: ["billing"], transactionalIds: [], ...existing };
  return compareAccess({ origin: cluster(origin), target: cluster(target) }, all, of, options);
}
const texts = (...args: Parameters<typeof compare>) => compare(...args).differences.map(({ text }) => text);

/** ACLs of 20 users: names, prefixes, `*`, denials, hosts, transactional ids and the cluster. */
function estate(users = 20): Acl[] {
  return Array.from({ length: users }, (_, i): Acl[] => {
    const user = i % 3 === 0 ? `User:CN=app-${i}` : `User:app-${i}`;
    const own = (over: Partial<Acl>) => acl({ principal: user, ...over });
    return [
      own({ resourceName: `topic-${i}`, operation: "Write" }),
      own({ resourceName: `team-${i}-`, patternType: "prefixed", operation: "Read" }),
      own({ resourceName: `team-${i}-secret`, operation: "Read", permission: "deny" }),
      own({ resourceType: "group", resourceName: `group-${i}-`, patternType: "prefixed", operation: "Read" }),
      i % 2 === 0
        ? own({ resourceType: "transactionalId", resourceName: `tx-${i}`, operation: "Write" })
        : own({ resourceType: "cluster", resourceName: "kafka-cluster", operation: "IdempotentWrite" }),
      i % 5 === 0
        ? own({ resourceName: "*", operation: "DescribeConfigs" })
        : own({ resourceName: "shared", operation: "Read", host: `10.0.0.${i}` }),
    ];
  }).flat();
}

describe("equal access", () => {
  test("of an estate of 20 users: each ACL removed in turn is named", () => {
    const all = estate();
    const existing = { topics: ["shared", ...Array.from({ length: 20 }, (_, i) => `team-${i}-secret`)] };
    expect(compare(all, all, existing)).toMatchObject({ differences: [], notes: [] });
    for (const removed of all) {
      const left = all.filter((one) => one !== removed);
      const { differences, notes } = compare(all, left, existing);
      expect(differences, aclText(removed)).not.toEqual([]);
      for (const { text, principal } of differences) {
        expect(text).toContain(`${aclText(removed)} is missing on the target`);
        expect(principal).toBe(removed.principal);
      }
      expect(notes).toEqual([]);
      const extra = compare(left, all, existing).differences;
      expect(extra, aclText(removed)).not.toEqual([]);
      for (const { text } of extra) expect(text).toContain(`${aclText(removed)} is only on the target`);
    }
  });

  test("leaves out fences, and the users of mirrors and administrators", () => {
    const fence = (topic: string): Acl[] => [
      acl({ principal: "User:*", resourceName: topic, operation: "Write", permission: "deny" }),
      acl({
        principal: "User:*",
        resourceType: "transactionalId",
        resourceName: `kafka-migration-fence:other>aliases:${topic}`,
        operation: "Describe",
        permission: "deny",
      }),
    ];
    const own = acl({ principal: "User:mm2", resourceName: "*", operation: "All" });
    const writes = acl({ operation: "Write" });
    expect(texts([writes, ...fence("invoices"), own], [writes], {}, { ignore: ["User:mm2"] })).toEqual([]);
    expect(texts([writes], [writes, ...fence("invoices")])).toEqual([]);
    // A denial without a marker is somebody's own.
    expect(texts([writes, fence("invoices")[0]!], [writes])).toEqual([
      "`User:billing` may Write `invoices` on the target but not on the origin: " +
        'ACL deny User:* Write on topic "invoices" is missing on the target',
    ]);
  });

  test("is about the topics, groups and transactional ids that move, and new ones of a prefix", () => {
    const narrow = testMirror({ topicsPattern: "orders.*", groupsPattern: "billing" });
    const acls = [
      acl({ resourceName: "invoices" }),
      acl({ resourceName: "orders-", patternType: "prefixed" }),
      acl({ resourceType: "group", resourceName: "audit" }),
      acl({ resourceType: "transactionalId", resourceName: "tx", operation: "Write" }),
    ];
    expect(texts(acls, [], {}, {}, narrow)).toEqual([
      "`User:billing` may Read and Describe new topics that begin with `orders-` on the origin but not on the target: " +
        'ACL allow User:billing Read on topic "orders-" (prefixed) is missing on the target',
      "`User:billing` may Describe and Write transactional id `tx` on the origin but not on the target: " +
        'ACL allow User:billing Write on transactionalId "tx" is missing on the target',
    ]);
    expect(texts(acls, [], {}, { groups: ["audit"] }, narrow)).toHaveLength(3);
  });

  test("compares renamed topics under the target's name", () => {
    const renaming = testMirror({ policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" });
    const origin = [
      acl({}),
      acl({ resourceName: "orders-", patternType: "prefixed" }),
      acl({ resourceName: "*", operation: "DescribeConfigs" }),
    ];
    const renamed = (one: Acl): Acl => ({ ...one, resourceName: `origin-cluster.${one.resourceName}` });
    const target = [renamed(origin[0]!), renamed(origin[1]!), origin[2]!];
    expect(compare(origin, target, {}, {}, renaming)).toMatchObject({ differences: [], notes: [] });
    const everything: Acl = { ...origin[2]!, resourceName: "origin-cluster.", patternType: "prefixed" };
    expect(compare(origin, [target[0]!, target[1]!, everything], {}, {}, renaming).differences).toEqual([]);
    expect(texts(origin, origin, {}, {}, renaming)[0]).toBe(
      "`User:billing` may Read and Describe `invoices` (`origin-cluster.invoices` on the target) on the origin but not " +
        'on the target: ACL allow User:billing Read on topic "invoices" is missing on the target',
    );
  });

  test("includes passwords and quotas, and not those of the mirror's user", () => {
    const user = (name: string, ...mechanisms: string[]) => ({ name, mechanisms });
    const origin: ClusterAccess = {
      acls: [],
      users: [user("billing", "SCRAM-SHA-512"), user("audit", "SCRAM-SHA-512"), user("mm2", "SCRAM-SHA-512")],
      quotas: [
        { user: "billing", values: { producer_byte_rate: 1000, consumer_byte_rate: 2000 } },
        { user: "mm2", values: { producer_byte_rate: 1 } },
        { user: null, clientId: "batch", values: { request_percentage: 10 } },
      ],
    };
    const target: ClusterAccess = {
      acls: [],
      users: [user("audit", "SCRAM-SHA-256")],
      quotas: [{ user: "billing", values: { producer_byte_rate: 500, consumer_byte_rate: 2000 } }],
    };
    expect(texts(origin, target, {}, { ignore: ["User:mm2"] }).sort()).toEqual([
      'Quota of every user, client id "batch": request_percentage is 10 on the origin and not set on the target',
      'Quota of user "billing": producer_byte_rate is 1000 on the origin and 500 on the target',
      "`User:audit` can log in with SCRAM-SHA-512 on the origin but not on the target: the user has only SCRAM-SHA-256 there",
      "`User:billing` can log in with SCRAM-SHA-512 on the origin but not on the target: the user has no password there",
    ]);
  });

  test("takes less than 10 seconds for 5,000 ACLs, 1,000 users and 5,000 topics", () => {
    const origin = Array.from({ length: 1000 }, (_, i): Acl[] => {
      const own = (over: Partial<Acl>) => acl({ principal: `User:app-${i}`, ...over });
      return [
        own({ resourceName: "*", operation: "Describe" }),
        own({ resourceName: `topic-${i % 100}`, patternType: "prefixed" }),
        own({ resourceName: `topic-${i}`, operation: "Write", host: `10.0.${i % 250}.1` }),
        own({ resourceType: "group", resourceName: `group-${i}-`, patternType: "prefixed" }),
        own({ principal: i % 2 === 0 ? "User:*" : `User:app-${i}`, resourceName: `topic-${i}`, operation: "Read" }),
      ];
    }).flat();
    const target = origin.filter((_, i) => i % 10 !== 0);
    const existing = {
      topics: Array.from({ length: 5000 }, (_, i) => `topic-${i}`),
      groups: Array.from({ length: 5000 }, (_, i) => `group-${i}-a`),
    };
    // Time of the processor: other tests run at the same time.
    const start = process.cpuUsage();
    const { differences } = compare(origin, target, existing);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(10_000);
    expect(differences.length).toBeGreaterThan(400);
  }, 30_000);
});
