import { createHash } from "node:crypto";
import * as kafka from "@pulumi/kafka";
import type * as pulumi from "@pulumi/pulumi";
import * as sdk from "@pulumi/pulumi";
import { aclKey, userName } from "../../engine/acls";
import { clientBindings, type PlannedUser } from "../../engine/clients";
import type { InventoryQuotas } from "../../engine/inventory";
import type { Acl } from "../../engine/kafka/port";
import { defined } from "../../engine/objects";
import { ClientsStay, UnclaimedClientUsers } from "../../lifecycle/resources";
import { decoded } from "../kubernetes";
import { RESOURCE_TYPE } from "../user/scram-user";
import { type ClientsContext, passwordsOf } from "./passwords";

/** Declares SCRAM credentials, ACLs and quotas on a target without an operator. */
export function declareKafkaClients(context: ClientsContext): pulumi.Output<string[]> {
  const { name, parent, args, clients, dependsOn } = context;
  const { provider, connection } = args.target.kafka!;
  const { users } = clients;
  const names = users.map((user) => user.name);
  sayCertificates(users, parent);
  const principals = users.map(({ principal }) => principal);
  const unclaimed = new UnclaimedClientUsers(
    `${name}-unclaimed`,
    {
      side: "target",
      connection: connection!,
      principals,
      accepted: args.takeOver ?? false,
      acls: users.flatMap(clientBindings),
      ...defined({ everyoneByDefault: args.everyoneByDefault }),
    },
    { parent, dependsOn },
  );
  const options = { parent, provider: provider!, retainOnDelete: true, dependsOn: unclaimed };
  const passwordOf = passwordsOf(context);
  const taken = new Set<string>();
  const made = users.flatMap((user): pulumi.CustomResource[] => [
    ...(user.mechanisms ?? []).map(
      (scramMechanism) =>
        new kafka.UserScramCredential(
          `${name}-${user.name}-${scramMechanism}`,
          { username: user.name, scramMechanism, scramIterations: 4096, password: decoded(passwordOf(user)) },
          options,
        ),
    ),
    ...clientBindings(user).map((binding) => declareAcl(`${name}-${user.name}`, binding, options, taken)),
    ...(user.quotas === undefined
      ? []
      : [
          new kafka.Quota(
            `${name}-${user.name}`,
            { entityType: "user", entityName: userName(user.principal), config: configOf(user.quotas) },
            options,
          ),
        ]),
  ]);
  const acls = Object.fromEntries(users.map((user) => [user.name, clientBindings(user)]));
  const stay = new ClientsStay(
    `${name}-stay`,
    { where: "the target", users: names, acls, connection: connection! },
    { parent, dependsOn: made },
  );
  return sdk.all([stay.id]).apply(() => names);
}

/** Nobody here can compare the CAs of a cluster without an operator. */
function sayCertificates(users: readonly PlannedUser[], parent: pulumi.Resource): void {
  const certified = users.filter(({ login }) => login === "tls").map(({ name }) => name);
  if (certified.length > 0)
    void sdk.log.warn(
      `${certified.join(", ")} log in with certificates of the origin's clients CA: the target's brokers have to trust ` +
        "this CA (ssl.truststore), or the applications need other certificates with the same name",
      parent,
    );
}

/** @param taken names of the ACLs so far: two ACLs can lead to one name, as those of users `a` and `a-topic` */
function declareAcl(name: string, acl: Acl, options: pulumi.CustomResourceOptions, taken: Set<string>): kafka.Acl {
  const prefixed = acl.patternType === "prefixed";
  const denied = acl.permission === "deny" ? "-deny" : "";
  const from = acl.host === "*" ? "" : `-from-${acl.host}`;
  const what = `${acl.resourceType}-${acl.resourceName}${prefixed ? "*" : ""}`;
  const short = `${name}${denied}-${what}-${acl.operation}${from}`;
  const whole = taken.has(short)
    ? `${short}-${createHash("sha256").update(aclKey(acl)).digest("hex").slice(0, 8)}`
    : short;
  taken.add(whole);
  return new kafka.Acl(
    whole,
    {
      aclResourceType: RESOURCE_TYPE[acl.resourceType as keyof typeof RESOURCE_TYPE],
      aclResourceName: acl.resourceName,
      resourcePatternTypeFilter: prefixed ? "Prefixed" : "Literal",
      aclPrincipal: acl.principal,
      aclHost: acl.host,
      aclOperation: acl.operation,
      aclPermissionType: acl.permission === "deny" ? "Deny" : "Allow",
    },
    options,
  );
}

/** Kafka's names of the quotas. */
const QUOTA: Record<keyof InventoryQuotas, string> = {
  producerByteRate: "producer_byte_rate",
  consumerByteRate: "consumer_byte_rate",
  requestPercentage: "request_percentage",
  controllerMutationRate: "controller_mutation_rate",
};

const configOf = (quotas: InventoryQuotas): Record<string, string> =>
  Object.fromEntries(
    Object.entries(quotas).map(([key, value]) => [QUOTA[key as keyof InventoryQuotas], String(value)]),
  );
