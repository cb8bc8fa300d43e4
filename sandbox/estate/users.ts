/** The users of the estate's applications: both kinds, prefixes, denials, hosts, transactional ids and quotas. */

export interface EstateAcl {
  resource: "topic" | "group" | "cluster" | "transactionalId";
  name: string;
  pattern?: "literal" | "prefixed";
  host?: string;
  permission?: "allow" | "deny";
  operations: string[];
}

export interface EstateUser {
  name: string;
  authentication: "scram-sha-512" | "tls-external";
  acls: EstateAcl[];
  quotas?: Record<string, number>;
}

const topic = (name: string, ...operations: string[]): EstateAcl => ({ resource: "topic", name, operations });
const group = (name: string): EstateAcl => ({ resource: "group", name, operations: ["Read"] });
const prefix = (acl: EstateAcl): EstateAcl => ({ ...acl, pattern: "prefixed" });
const deny = (acl: EstateAcl): EstateAcl => ({ ...acl, permission: "deny" });
const transactional = (name: string): EstateAcl => ({
  resource: "transactionalId",
  name,
  operations: ["Describe", "Write"],
});
const idempotent: EstateAcl = { resource: "cluster", name: "kafka-cluster", operations: ["IdempotentWrite"] };

/** Returns twenty users. Their names and rights are always the same. */
export function estateUsers(): EstateUser[] {
  const scram = (name: string, acls: EstateAcl[], quotas?: Record<string, number>): EstateUser => ({
    name,
    authentication: "scram-sha-512",
    acls,
    ...(quotas === undefined ? {} : { quotas }),
  });
  const own = (name: string, acls: EstateAcl[]): EstateUser => ({ name, authentication: "tls-external", acls });
  const all = ["Describe", "Read", "Write"];
  return [
    scram("orders-api", [topic("orders", ...all), group("orders-api")], { producerByteRate: 10_485_760 }),
    scram("orders-reader", [topic("orders", "Read"), prefix(group("orders-"))], { consumerByteRate: 5_242_880 }),
    scram("payments-api", [topic("payments", "Write"), transactional("payments-1"), idempotent]),
    scram("payments-batch", [topic("payments", "Write"), prefix(transactional("batch-"))], { requestPercentage: 50 }),
    scram("billing", [prefix(topic("billing.", ...all)), group("billing")], { controllerMutationRate: 2.5 }),
    scram("search", [prefix(topic("search.", "Read"))]),
    scram("telemetry", [prefix(topic("telemetry.", "Write")), deny(topic("telemetry.lz4", "Write"))]),
    scram("clicks", [topic("clicks", ...all), deny(topic("clicks", "Read"))]),
    scram("audit", [topic("*", "Read", "Describe"), deny(prefix(topic("pay", "Read")))]),
    scram("etl", [topic("*", "All"), group("*"), deny(topic("ledger.entries", "All"))]),
    scram("ledger", [topic("ledger.entries", ...all), transactional("ledger")], {
      producerByteRate: 1,
      consumerByteRate: 1,
    }),
    scram("office-only", [{ ...topic("orders", "Write"), host: "10.1.2.3" }, topic("clicks", "Write")]),
    scram("not-from-here", [topic("orders", "Write"), deny({ ...topic("orders", "Write"), host: "127.0.0.1" })]),
    scram("operator.v2", [{ resource: "cluster", name: "kafka-cluster", operations: ["Describe", "DescribeConfigs"] }]),
    scram("customers", [topic("customers.latest", ...all), group("customers")]),
    scram("nothing", []),
    own("web-shop", [topic("orders", "Write"), group("web-shop")]),
    own("warehouse", [prefix(topic("orders", "Read")), prefix(group("warehouse-"))]),
    own("reports", [topic("*", "Read"), deny(topic("payments", "Read"))]),
    own("gateway", [prefix(topic("clicks", "Write")), prefix(transactional("gateway-"))]),
  ];
}
