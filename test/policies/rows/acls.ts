import { custom, kafka } from "../resources";
import { acls, checkpoint, guide, pair, source, type Row } from "./row";

/** KafkaUsers that are of no cluster of the mirror. */
function withoutUsers({ origin, target }: any): void {
  for (const user of [origin, target])
    Object.assign(user.metadata, { name: "someone", namespace: "apps", labels: { "strimzi.io/cluster": "third" } });
}

function withCertificate(parts: any): void {
  withoutUsers(parts);
  pair(parts).source.authentication = {
    type: "tls",
    certificateAndKey: { secretName: "origin-cluster-credentials", certificate: "user.crt", key: "user.key" },
  };
}

const onlyUser =
  (cluster: string) =>
  ({ mirror, origin, target }: any) => {
    mirror.spec.mirrors = [];
    Object.assign(origin.metadata, { namespace: "apps", labels: { "strimzi.io/cluster": cluster } });
    Object.assign(target.metadata, { namespace: "apps", labels: { "strimzi.io/cluster": "green" } });
  };

const kafkaOf = (side: string, entityOperator: object) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "Kafka",
    metadata: { name: side, namespace: `${side}-ns` },
    spec: { kafka: {}, entityOperator },
  });

const onlyTopics =
  (...topics: string[]) =>
  ({ origin }: any) => {
    const groups = acls(origin).filter((a) => a.resource.type !== "topic");
    origin.spec.authorization.acls = [
      ...topics.map((name) => ({
        operations: ["Read", "DescribeConfigs", "Create", "Write"],
        resource: { type: "topic", name, patternType: "literal" },
      })),
      ...groups,
    ];
  };

const location = { config: { "offset-syncs.topic.location": "source" } };
const atSource = { sourceConnector: location, checkpointConnector: location };

const renaming = { config: { "replication.policy.class": "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" } };
const renamed = { sourceConnector: renaming, checkpointConnector: renaming };
const unknownPolicy = (parts: any) => {
  for (const config of [source(parts), checkpoint(parts)]) config["replication.policy.class"] = "com.example.Policy";
};

/** Gives the target's user its rights on copies by this name only. */
const copiesAs =
  (name: string, patternType = "literal") =>
  ({ target }: any) => {
    const [data] = acls(target);
    data.resource = { type: "topic", name, patternType };
    const storage = /^migration-connect-cluster-|checkpoints/;
    for (const acl of acls(target)) if (storage.test(acl.resource.name)) acl.operations = ["Read", "Write", "Create"];
  };

const rightsOf = (aclPrincipal: string, ...rights: [type: string, name: string, operation: string][]) =>
  rights.map(([aclResourceType, aclResourceName, aclOperation], i) =>
    kafka(
      "Acl",
      { aclPrincipal, aclResourceType, aclResourceName, aclOperation, resourcePatternTypeFilter: "Literal" },
      undefined,
      `${aclPrincipal}-${i}`,
    ),
  );

export const aclRows: Row[] = [
  {
    rule: "origin-write-everything",
    trips: {
      change: ({ origin }) =>
        acls(origin).push({
          host: "*",
          operations: ["Write"],
          resource: { type: "topic", name: "*", patternType: "literal" },
        }),
    },
    passes: {
      change: ({ target }) =>
        acls(target).push({
          host: "*",
          operations: ["Write"],
          resource: { type: "topic", name: "*", patternType: "literal" },
        }),
    },
    says: "user mm2-credentials on the origin may Write on topic *",
  },
  {
    rule: "acl-unneeded",
    trips: {
      change: ({ target }) => acls(target).push({ host: "*", operations: ["Alter"], resource: { type: "cluster" } }),
    },
    passes: {
      change: ({ target }) =>
        acls(target).push({
          host: "*",
          operations: ["Write"],
          resource: { type: "topic", name: "orders", patternType: "literal" },
        }),
    },
    says: "Alter on cluster: a leaked password can do more",
  },
  {
    rule: "acl-missing",
    trips: {
      mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } },
      change: ({ target }) => acls(target).pop(),
    },
    passes: { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } } } },
    says: "on the target lacks Read on group *",
  },
  {
    rule: "acl-missing",
    trips: {
      mirror: { exactlyOnce: true },
      change: ({ target }) =>
        (target.spec.authorization.acls = acls(target).filter((a) => a.resource.type !== "transactionalId")),
    },
    passes: { mirror: { exactlyOnce: true } },
    says: "lacks Write on transactionalId connect-cluster-migration-connect-cluster",
  },
  {
    // The origin's own offset-syncs topic: Create on the cluster gives it, as the guide has it.
    rule: "acl-missing",
    trips: {
      mirror: {
        sourceConnector: { config: { "offset-syncs.topic.location": "source" } },
        checkpointConnector: { config: { "offset-syncs.topic.location": "source" } },
      },
      change: ({ origin }) => acls(origin).splice(1, 1),
    },
    passes: guide,
    says: "lacks Create and Write on topic mm2-offset-syncs.target-cluster.internal",
  },
  {
    rule: "acl-missing",
    trips: { change: ({ target }) => (target.spec.authorization.acls = []) },
    passes: { change: ({ target }) => delete target.spec.authorization },
    says: "on the target lacks Write and Create and Alter and AlterConfigs on topic *",
  },
  {
    rule: "acl-missing",
    trips: {
      change: ({ origin }) =>
        acls(origin).push({
          type: "deny",
          host: "*",
          operations: ["Read"],
          resource: { type: "topic", name: "orders", patternType: "literal" },
        }),
    },
    passes: {
      change: ({ origin }) =>
        acls(origin).push({
          type: "deny",
          host: "*",
          operations: ["Read"],
          resource: { type: "topic", name: "__orders", patternType: "literal" },
        }),
    },
    says: "on the origin is denied Read on topic orders",
  },
  {
    // Without checkpoints no group is looked at.
    rule: "acl-missing",
    trips: {
      change: ({ origin }) =>
        (origin.spec.authorization.acls = acls(origin).filter((a) => a.resource.type !== "group")),
    },
    passes: {
      change: (parts) => {
        delete pair(parts).checkpointConnector;
        parts.origin.spec.authorization.acls = acls(parts.origin).filter((a) => a.resource.type !== "group");
      },
    },
    says: "on the origin lacks Describe on group *",
  },
  {
    rule: "acl-meaningless",
    trips: {
      change: ({ origin }) => acls(origin).push({ host: "*", operations: ["Read"], resource: { type: "cluster" } }),
    },
    passes: {
      change: ({ origin }) => acls(origin).push({ host: "*", operations: ["Describe"], resource: { type: "cluster" } }),
    },
    says: "Read on the cluster",
  },
  {
    rule: "acl-operation-singular",
    trips: {
      change: ({ origin }) =>
        acls(origin).push({
          host: "*",
          operation: "Read",
          resource: { type: "topic", name: "a", patternType: "literal" },
        }),
    },
    passes: guide,
    says: "1 ACL rule of kafka.strimzi.io/v1 with the singular `operation`",
  },
  {
    rule: "acl-operation-old",
    trips: {
      dialect: "strimzi-v1beta2",
      change: ({ origin }) => acls(origin).push({ operation: "Read", resource: { type: "topic", name: "a" } }),
    },
    passes: guide,
    says: "1 ACL rule of kafka.strimzi.io/v1beta2 with the singular `operation`: operators up to Strimzi 0.48 read it",
  },
  {
    rule: "principal-of-operator",
    trips: { more: [kafka("UserScramCredential", { username: "app" })] },
    passes: { more: [kafka("UserScramCredential", { username: "app" }, "elsewhere:9093")] },
    says: "principal app on the origin is created through @pulumi/kafka",
  },
  {
    // Addresses that tell neither side, and no mirror at all: the operator's own name for the cluster tells.
    rule: "principal-of-operator",
    trips: {
      change: onlyUser("blue"),
      more: [
        kafka(
          "Acl",
          { aclPrincipal: "User:app", aclResourceType: "Topic", aclResourceName: "a", aclOperation: "Read" },
          "blue-kafka-external-bootstrap.apps.svc:9094",
        ),
      ],
    },
    passes: {
      change: onlyUser("blue"),
      more: [
        kafka(
          "Acl",
          { aclPrincipal: "User:app", aclResourceType: "Topic", aclResourceName: "a", aclOperation: "Read" },
          "blue-kafka-external-bootstrap.other.svc:9094",
        ),
      ],
    },
    says: "principal User:app: principal app of a cluster",
  },
  {
    rule: "principal-of-operator",
    trips: {
      change: withoutUsers,
      more: [kafkaOf("origin", { userOperator: {} }), kafka("UserScramCredential", { username: "app" })],
    },
    passes: {
      change: withoutUsers,
      more: [kafkaOf("origin", { topicOperator: {} }), kafka("UserScramCredential", { username: "app" })],
    },
    says: "but a user operator manages the users",
  },
  {
    rule: "acl-sync-with-operator",
    trips: {
      change: (parts) => {
        withoutUsers(parts);
        delete source(parts)["sync.topic.acls.enabled"];
      },
      more: [kafkaOf("target", { userOperator: {} })],
    },
    passes: {
      change: (parts) => {
        withoutUsers(parts);
        delete source(parts)["sync.topic.acls.enabled"];
      },
      more: [kafkaOf("origin", { userOperator: {} })],
    },
    says: "not set, which is true",
  },
  {
    // No source connector, no copy of ACLs.
    rule: "acl-sync-with-operator",
    trips: { change: (parts) => (pair(parts).sourceConnector = { config: {} }) },
    passes: { change: (parts) => delete pair(parts).sourceConnector },
    says: "not set, which is true",
  },
  {
    rule: "acl-missing",
    trips: {
      change: ({ target }) =>
        acls(target).push({ type: "deny", operations: ["Describe"], resource: { type: "topic", name: "*" } }),
    },
    passes: {
      change: ({ target }) =>
        acls(target).push({ type: "deny", operations: ["Delete"], resource: { type: "topic", name: "*" } }),
    },
    says: "on the target is denied Describe on topic *",
  },
  {
    // From one host only: the mirror may be on another.
    rule: "acl-missing",
    trips: {
      change: ({ origin }) =>
        acls(origin).push({ type: "deny", host: "*", operations: ["All"], resource: { type: "topic", name: "*" } }),
    },
    passes: {
      change: ({ origin }) =>
        acls(origin).push({
          type: "deny",
          host: "10.0.0.1",
          operations: ["All"],
          resource: { type: "topic", name: "*" },
        }),
    },
    says: "is denied All on topic *",
  },
  {
    // Through @pulumi/kafka, as brokers write a certificate's principal.
    rule: "origin-write-everything",
    trips: { change: withCertificate, more: rightsOf("User:CN=mm2-credentials,O=a", ["Topic", "*", "Write"]) },
    passes: { change: withoutUsers, more: rightsOf("User:CN=mm2-credentials,O=a", ["Topic", "*", "Write"]) },
    says: "user CN=mm2-credentials,O=a on the origin may Write on topic *",
  },
  {
    // Of a pattern without a fixed beginning some names count; of one that takes everything, nothing less does.
    rule: "acl-missing",
    trips: { mirror: { topicsPattern: ".*" }, change: onlyTopics("eu-orders", "us-orders") },
    passes: { mirror: { topicsPattern: ".*-orders" }, change: onlyTopics("eu-orders", "us-orders") },
    says: "lacks Read and DescribeConfigs on topic *",
  },
  {
    rule: "acl-missing",
    trips: { mirror: { topicsPattern: "payments-.*" }, change: onlyTopics("orders") },
    passes: { mirror: { topicsPattern: "payments-.*" }, change: onlyTopics("payments-eu") },
    says: "lacks Read and DescribeConfigs on topic payments- (prefix)",
  },
  {
    // Of the identity policy: only topics that end in heartbeats, if there are any, get the other name.
    rule: "acl-missing",
    trips: {
      mirror: { topicsPattern: "payments-.*" },
      change: ({ target }) =>
        (target.spec.authorization.acls = acls(target).filter((a) => !/^payments-/.test(a.resource.name))),
    },
    passes: {
      mirror: { topicsPattern: "payments-.*" },
      change: ({ target }) =>
        (target.spec.authorization.acls = acls(target).filter(
          (a) => !/^origin-cluster.payments-/.test(a.resource.name),
        )),
    },
    says: "on the target lacks Write and Create and Alter and AlterConfigs on topic payments- (prefix)",
  },
  {
    // The default policy puts the origin's alias before every name. All of them are copied.
    rule: "acl-missing",
    trips: { mirror: renamed, change: copiesAs("origin-cluster.orders") },
    passes: { mirror: renamed, change: copiesAs("origin-cluster.", "prefix") },
    says: "on the target lacks Write and Create and Alter and AlterConfigs on topic origin-cluster. (prefix)",
  },
  {
    rule: "acl-missing",
    trips: { mirror: renamed, change: copiesAs("orders", "prefix") },
    passes: { mirror: renamed, change: copiesAs("*") },
    says: "on topic origin-cluster. (prefix)",
  },
  {
    // A right to any topic may be a right to the copies of a policy that nobody here knows.
    rule: "acl-missing",
    trips: {
      change: (parts) => {
        unknownPolicy(parts);
        copiesAs("dc1.", "prefix")(parts);
        acls(parts.target)[0].operations = ["Read"];
      },
    },
    passes: {
      change: (parts) => {
        unknownPolicy(parts);
        copiesAs("dc1.", "prefix")(parts);
      },
    },
    says: "on the target lacks Write and Create and Alter and AlterConfigs on topic *",
  },
  {
    rule: "acl-unneeded",
    trips: { mirror: renamed, change: copiesAs("*") },
    passes: { mirror: renamed },
    says: "Write and Create and Alter and AlterConfigs on topic *",
  },
  {
    // The mirror's own topic is none of them.
    rule: "acl-missing",
    trips: {
      mirror: { topicsPattern: ".*-orders", ...atSource },
      change: onlyTopics("mm2-offset-syncs.target-cluster.internal"),
    },
    passes: {
      mirror: { topicsPattern: ".*-orders", ...atSource },
      change: onlyTopics("mm2-offset-syncs.target-cluster.internal", "eu-orders"),
    },
    says: "lacks Read and DescribeConfigs on topic *",
  },
  {
    // What everybody may, the mirror may.
    rule: "acl-missing",
    trips: {
      change: withoutUsers,
      more: [
        ...rightsOf("User:mm2-credentials", ["Topic", "*", "Read"]),
        ...rightsOf("User:app", ["Topic", "*", "DescribeConfigs"], ["Group", "*", "Describe"]),
      ],
    },
    passes: {
      change: withoutUsers,
      more: [
        ...rightsOf("User:mm2-credentials", ["Topic", "*", "Read"]),
        ...rightsOf("User:*", ["Topic", "*", "DescribeConfigs"], ["Group", "*", "Describe"]),
      ],
    },
    says: "user mm2-credentials on the origin lacks DescribeConfigs on topic *, Describe on group *",
  },
  {
    // A client certificate's name is not in the mirror.
    rule: "origin-write-everything",
    trips: {
      change: (parts) => {
        pair(parts).source.authentication = {
          type: "tls",
          certificateAndKey: { secretName: "origin-cluster-credentials", certificate: "user.crt", key: "user.key" },
        };
        acls(parts.origin).push({ operations: ["Write"], resource: { type: "topic", name: "*" } });
      },
    },
    passes: {
      change: (parts) => {
        pair(parts).source.authentication = {
          type: "tls",
          certificateAndKey: { secretName: "origin-cluster-credentials", certificate: "user.crt", key: "user.key" },
        };
        acls(parts.origin).push({
          operations: ["Write"],
          resource: { type: "topic", name: "*", patternType: "prefix" },
        });
      },
    },
    says: "may Write on topic *",
  },
  {
    rule: "acl-sync-with-operator",
    trips: { change: (parts) => delete source(parts)["sync.topic.acls.enabled"] },
    passes: {},
    says: "not set, which is true",
  },
  {
    rule: "acl-sync-with-operator",
    trips: { change: (parts) => delete source(parts)["sync.topic.acls.enabled"] },
    // Where the users are is not told: they may all be the origin's.
    passes: {
      user: { name: "someone" },
      change: (parts) => {
        delete source(parts)["sync.topic.acls.enabled"];
        for (const user of [parts.origin, parts.target])
          Object.assign(user.metadata, { namespace: "apps", name: "app", labels: { "strimzi.io/cluster": "blue" } });
      },
    },
    says: "not set, which is true",
  },
  {
    rule: "acl-refused",
    trips: {
      change: ({ origin }) => acls(origin).push({ operations: ["Decribe"], resource: { type: "topic", name: "*" } }),
    },
    passes: {
      change: ({ origin }) => acls(origin).push({ operations: ["Describe"], resource: { type: "topic", name: "*" } }),
    },
    says: 'operations[0] is "Decribe" (did you mean "Describe"?)',
  },
  {
    rule: "acl-without-operations",
    trips: { change: ({ origin }) => acls(origin).push({ resource: { type: "topic", name: "orders" } }) },
    passes: {
      change: ({ origin }) => acls(origin).push({ operations: ["Read"], resource: { type: "topic", name: "orders" } }),
    },
    says: "has no operations",
  },
];
