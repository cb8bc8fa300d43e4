import type * as pulumi from "@pulumi/pulumi";
import * as sdk from "@pulumi/pulumi";
import type { PlannedUser } from "../../engine/clients";
import { Mistakes } from "../../engine/errors";
import { defined } from "../../engine/objects";
import { ClientPasswords } from "../../lifecycle/resources";
import { dialectNamed } from "../dialects";
import { accessOfProvider } from "../kubernetes";
import type { ClientUsersArgs } from "../settings/clients";
import type { ClientsDescription } from "./describe";

/** What the users are declared with. */
export interface ClientsContext {
  name: string;
  parent: pulumi.ComponentResource;
  args: ClientUsersArgs;
  clients: ClientsDescription;
  dependsOn: pulumi.ResourceOptions["dependsOn"];
}

/** Returns where each SCRAM user's password comes from, in base64. Every output is secret. */
export function passwordsOf(context: ClientsContext): (user: PlannedUser) => pulumi.Output<string> {
  const { args, clients } = context;
  const known = args.passwords ?? {};
  const fromOrigin = clients.users.filter(({ password }) => password === "origin");
  const read = fromOrigin.length === 0 ? undefined : readPasswords(context, fromOrigin);
  return ({ name, password }) =>
    password === "origin"
      ? read!.of(name)
      : sdk.secret(known[name] ?? "").apply((text) => Buffer.from(text, "utf8").toString("base64"));
}

function readPasswords(
  { name, parent, args, dependsOn }: ClientsContext,
  users: readonly PlannedUser[],
): ClientPasswords {
  const operator = args.origin.operator!;
  const { secretPrefix, kubeconfig, context, provider } = operator;
  return new ClientPasswords(
    `${name}-passwords`,
    {
      apiVersion: dialectNamed(operator.dialect, new Mistakes(), operator.version).userApiVersion,
      users: users.map((user) => ({ name: user.name, namespace: user.originNamespace ?? operator.namespace! })),
      ...defined({ secretPrefix }),
      ...accessOfProvider(
        provider ?? parent.getProvider("kubernetes:core/v1:Secret"),
        defined({ kubeconfig, context }),
      ),
    },
    { parent, dependsOn },
  );
}
