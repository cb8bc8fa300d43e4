import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as sdk from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import { APPLICATION_ANNOTATION } from "../../lifecycle/owner";
import { ClientsCa, ClientsReady, ClientsStay, UnclaimedClients } from "../../lifecycle/resources";
import { accessOfProvider, ownedBy, stackOwner } from "../kubernetes";
import type { KubernetesArgs } from "../settings/place";
import type { OperatorUsers } from "../settings/users";
import { type ClientText, PASSWORD_KEY, passwordSecret } from "./describe";
import { type ClientsContext, passwordsOf } from "./passwords";

/** Declares the KafkaUsers on a target with an operator, and the Secrets with their passwords. */
export function declareOperatorClients(context: ClientsContext): pulumi.Output<string[]> {
  const { name, parent, args, clients, dependsOn } = context;
  const operator = args.target.operator!;
  const { namespace, cluster, secretPrefix } = operator as Required<OperatorUsers>;
  const { texts, apiVersion = "" } = clients;
  const access = accessTo(operator, parent);
  const users = texts.map(({ user }) => user.name);
  const scram = texts.filter(({ user }) => user.password !== undefined).map(({ user }) => user.name);
  const withSecret = texts
    .filter(({ user }) => ["scram-sha-512", "tls"].includes(user.login))
    .map(({ user }) => user.name);
  const owner = stackOwner();
  const where = { apiVersion, namespace, users, ...access };
  const unclaimed = new UnclaimedClients(
    `${name}-unclaimed`,
    {
      ...where,
      owner,
      withSecret,
      secrets: scram.map(passwordSecret),
      cluster: defined({ name: cluster, everyoneByDefault: args.everyoneByDefault }),
      ...defined({ secretPrefix: secretPrefix as string | undefined }),
    },
    { parent, dependsOn },
  );
  compareCas(context, texts);
  const passwordOf = passwordsOf(context);
  const options = { parent, retainOnDelete: true, ...defined({ provider: operator.provider }) };
  const annotations = ownedBy(owner);
  const ofUser = { ...annotations, [APPLICATION_ANNOTATION]: "true" };
  const made = texts.map(({ user, text }) => {
    const secret =
      user.password === undefined
        ? []
        : [
            new k8s.core.v1.Secret(
              `${name}-${user.name}-password`,
              {
                metadata: { name: passwordSecret(user.name), namespace, annotations },
                data: { [PASSWORD_KEY]: passwordOf(user) },
              },
              { ...options, dependsOn: unclaimed },
            ),
          ];
    const { kind, metadata, spec } = text;
    return new k8s.apiextensions.CustomResource(
      `${name}-${user.name}`,
      { apiVersion: text.apiVersion, kind, metadata: { ...metadata, annotations: ofUser }, spec },
      {
        ...options,
        dependsOn: [unclaimed, ...secret],
        // Without the alias, the same object in another API version would be a new resource.
        aliases: clients.otherApiVersions.map((version) => ({ type: `kubernetes:${version}:${kind}` })),
      },
    );
  });
  const limitSeconds = args.readyLimitSeconds ?? 120;
  const ready = new ClientsReady(`${name}-ready`, { ...where, limitSeconds }, { parent, dependsOn: made });
  new ClientsStay(
    `${name}-stay`,
    { where: `Kafka ${namespace}/${cluster}`, users },
    { parent, dependsOn: [ready, ...made] },
  );
  return sdk.all([ready.id]).apply(() => users);
}

/** Certificates that an operator made are valid where both clusters have the same clients CA. */
function compareCas({ name, parent, args, dependsOn }: ClientsContext, texts: readonly ClientText[]): void {
  const { origin, target } = args;
  const loginBy = (login: string) => texts.filter(({ user }) => user.login === login).map(({ user }) => user.name);
  const [users, external] = [loginBy("tls"), loginBy("tls-external")];
  if (users.length + external.length === 0) return;
  const placeOf = (operator: OperatorUsers) => ({
    namespace: operator.namespace!,
    name: `${operator.cluster!}-clients-ca-cert`,
    ...accessTo(operator, parent),
  });
  if (origin.operator === undefined) {
    // The inventory has asked whether the target trusts the authority of each external one.
    if (users.length === 0) return;
    void sdk.log.warn(
      `${users.join(", ")}: the target's operator makes new certificates for these users; give each application its ` +
        "new certificate, or declare the user with authentication tls-external if the target trusts the old one's CA",
      parent,
    );
    return;
  }
  new ClientsCa(
    `${name}-ca`,
    {
      users,
      ...(external.length > 0 ? { external } : {}),
      origin: placeOf(origin.operator),
      target: placeOf(target.operator!),
    },
    { parent, dependsOn },
  );
}

function accessTo({ provider, kubeconfig, context }: OperatorUsers, parent: pulumi.Resource): KubernetesArgs {
  return accessOfProvider(
    provider ?? parent.getProvider("kubernetes:core/v1:Secret"),
    defined({ kubeconfig, context }),
  );
}
