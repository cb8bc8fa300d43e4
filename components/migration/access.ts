import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import { type AclRule, administratorAcls, mergeRules } from "../../engine/acls";
import type { Connection, MirrorModel, Side } from "../../engine/model";
import type { ConnectionSecrets } from "../../lifecycle/kubernetes/renewed";
import { SecretValues, UnclaimedUser } from "../../lifecycle/resources";
import { type ClusterCredentials, connectionOf } from "../credentials";
import { givenCredentials } from "../given/given-credentials";
import { accessOfProvider } from "../kubernetes";
import type { KubernetesArgs } from "../settings/place";
import { SecretCopy } from "../secret/secret-copy";
import { MirrorUser } from "../user/mirror-user";
import { ScramUser } from "../user/scram-user";
import type { MirrorArgs } from "../mirror/mirror";
import { defaultsOf } from "../../engine/setting";
import { type MigrationArgs, stepShape } from "../settings/migration";
import type { MirrorUserArgs } from "../settings/parts";
import type { ClusterNames, MigrationCluster } from "../settings/users";
import { mirrorNamespace, namesOf, userDialect } from "./names";
import { credentialsOf } from "./rules";

interface AccessContext {
  name: string;
  side: Side;
  parent: pulumi.Resource;
  args: MigrationArgs;
  mirror: MirrorModel;
  /** The administrator, if another access of the same cluster declares it. Absent: it is declared here. */
  administrator?: pulumi.Output<Connection>;
  /** Rules that the administrator needs in addition to those for this mirror. */
  moreRights?: readonly AclRule[];
}

/** Credentials and connection of the mirror's user on one cluster, as its resource needs them. */
export interface MirrorAccess extends Required<Pick<MirrorArgs["origin"], "authentication" | "tls">> {
  connection: pulumi.Output<Connection>;
  resources: pulumi.Resource[];
}

/**
 * The migration's users on one cluster: the administrator during the whole migration, and the mirror's user while the
 * mirror exists.
 */
export class ClusterAccess {
  readonly administrator: pulumi.Output<Connection>;
  /** Secrets that the administrator's values come from. Undefined: all values come from the program. */
  readonly secrets?: pulumi.Output<ConnectionSecrets>;
  private readonly cluster: MigrationCluster;
  private readonly names: Required<ClusterNames>;
  private readonly ca?: pulumi.Input<string>;

  constructor(private readonly context: AccessContext) {
    this.cluster = context.args[context.side];
    this.names = namesOf(context.side, this.cluster);
    this.ca = this.cluster.ca ?? this.existingCa() ?? this.operatorsCa();
    if (context.administrator !== undefined) {
      this.administrator = context.administrator;
      return;
    }
    const credentials = this.administratorsCredentials();
    this.administrator = this.connection(credentials);
    const secrets = this.secretsOf(credentials);
    if (secrets !== undefined) this.secrets = secrets;
  }

  /**
   * Declares the mirror's user, and the Secrets beside the mirror that the mirror's resource names.
   * @param quotas of the user's KafkaUser, if an operator makes it. Default: none
   */
  mirrorsUser(after: pulumi.Resource[], quotas?: MirrorUserArgs["quotas"]): MirrorAccess {
    const { args } = this.context;
    const { credentials, resources } = this.mirrorsCredentials(after, defined({ quotas }));
    const namespace = mirrorNamespace(args);
    const options = { ...this.at(args.mirror?.provider), dependsOn: [...after, ...resources] };
    const { credentialsSecret, caSecret } = this.names;
    const values = credentials && secretValues(credentials);
    const { existingSecrets } = this.cluster;
    const made = values !== undefined && existingSecrets?.credentials !== true;
    const own = made
      ? new SecretCopy(this.named("credentials"), { name: credentialsSecret, namespace, values }, options)
      : undefined;
    const usesCa = this.ca !== undefined && this.cluster.tls !== false;
    const ca =
      usesCa && existingSecrets?.ca !== true
        ? new SecretCopy(this.named("ca"), { name: caSecret, namespace, values: { "ca.crt": this.ca! } }, options)
        : undefined;
    const credentialsName = own?.secretName ?? (values === undefined ? undefined : pulumi.output(credentialsSecret));
    const trusted = { secretName: ca?.secretName ?? pulumi.output(caSecret), certificate: "ca.crt" };
    return {
      connection: this.connection(credentials),
      resources: [...resources, ...(own ? [own] : []), ...(ca ? [ca] : [])],
      authentication:
        credentials === undefined
          ? false
          : (authenticationOf(credentials, credentialsName) ?? this.cluster.given!.authentication!),
      tls: this.cluster.tls === false ? false : { trustedCertificates: usesCa ? [trusted] : [] },
    };
  }

  /** Undefined: no login. */
  private administratorsCredentials(): ClusterCredentials | undefined {
    const { side, mirror, args } = this.context;
    const { administrator, operator } = this.cluster;
    if (administrator !== undefined) return givenCredentials(credentialsOf(administrator));
    if (operator === undefined) return undefined;
    const rules = mergeRules([
      ...administratorAcls(side, mirror, {
        fence: args.fence ?? false,
        access: (args.access ?? defaultsOf(stepShape).access) !== "none",
        groups: args.offsets?.groups ?? [],
      }),
      ...(this.context.moreRights ?? []),
    ]);
    // The cluster cannot be checked before this user exists. The check runs with these settings instead.
    const accepted = args.preflight?.accept?.includes("CLUSTER_OPEN") === true;
    const everyoneByDefault = accepted ? false : args.preflight?.everyoneByDefault?.[side];
    return this.kafkaUser(
      "administrator",
      this.names.administrator,
      { rules, ...defined({ everyoneByDefault }) },
      operator,
      [],
    );
  }

  private mirrorsCredentials(
    after: pulumi.Resource[],
    limits: Pick<MirrorUserArgs, "quotas">,
  ): {
    credentials?: ClusterCredentials;
    resources: pulumi.Resource[];
  } {
    const { side, mirror, parent, args } = this.context;
    const { operator, kafka } = this.cluster;
    const rights = { role: side, profile: args.profile ?? "least", mirror } as const;
    if (operator !== undefined) {
      // The preflight has already checked the cluster.
      const made = { ...rights, ...limits, everyoneByDefault: false };
      const user = this.kafkaUser("user", this.names.user, made, operator, after);
      return { credentials: user, resources: [user] };
    }
    if (kafka !== undefined) {
      const username = this.names.user;
      const accepted = args.preflight?.accept?.includes("USER_TAKEN") ?? false;
      const unclaimed = new UnclaimedUser(
        this.named("user-unclaimed"),
        { side, connection: this.administrator, username, accepted },
        { parent, dependsOn: after },
      );
      const user = new ScramUser(
        this.named("user"),
        { ...rights, username },
        { parent, provider: kafka.provider, dependsOn: [...after, unclaimed] },
      );
      return { credentials: user, resources: [user] };
    }
    const { given: someone, existingSecrets } = this.cluster;
    if (someone === undefined) return { resources: [] };
    if (existingSecrets?.credentials !== true)
      return { credentials: givenCredentials(credentialsOf(someone)), resources: [] };
    const certificate = someone.mechanism === "TLS";
    const read = this.existing(
      "credentials",
      this.names.credentialsSecret,
      certificate ? ["user.crt", "user.key"] : ["password"],
      after,
    );
    const found = certificate
      ? { certificate: read.text("user.crt"), key: read.text("user.key") }
      : { password: read.text("password") };
    return { credentials: givenCredentials(credentialsOf({ ...someone, ...found })), resources: [read] };
  }

  private kafkaUser(
    part: string,
    user: string,
    rights: object,
    operator: NonNullable<MigrationCluster["operator"]>,
    after: pulumi.Resource[],
  ): MirrorUser {
    const { side, args, mirror } = this.context;
    return new MirrorUser(
      this.named(part),
      {
        role: side,
        mirror,
        ...rights,
        name: user,
        namespace: operator.namespace,
        cluster: operator.cluster,
        ...(operator.authentication === undefined ? {} : { authentication: { type: operator.authentication } }),
        ...(operator.secretPrefix === undefined ? {} : { secretPrefix: operator.secretPrefix }),
        ...userDialect(args, operator),
        ...kubernetesOf(operator),
      },
      { ...this.at(operator.provider ?? args.mirror?.provider), dependsOn: after },
    );
  }

  private existingCa(): pulumi.Output<string> | undefined {
    if (this.cluster.existingSecrets?.ca !== true || this.cluster.tls === false) return undefined;
    return this.existing("ca", this.names.caSecret, ["ca.crt"]).text("ca.crt");
  }

  /** Reads a Secret beside the mirror that exists and is not managed by this stack. */
  private existing(part: string, secretName: string, keys: string[], after: pulumi.Resource[] = []): SecretValues {
    const { parent, args } = this.context;
    const { provider, kubeconfig, context } = args.mirror ?? {};
    return new SecretValues(
      this.named(`existing-${part}`),
      {
        secretId: `${mirrorNamespace(args)}/${secretName}`,
        keys,
        limitSeconds: 120,
        ...accessOfProvider(
          provider ?? parent.getProvider("kubernetes:core/v1:Secret"),
          kubernetesOf({ kubeconfig, context }),
        ),
      },
      { parent, dependsOn: after },
    );
  }

  /** Only read here, not copied: the engine verifies the brokers with it. */
  private operatorsCa(): pulumi.Output<string> | undefined {
    const { operator } = this.cluster;
    if (operator === undefined || this.cluster.tls === false) return undefined;
    const secret = new SecretValues(
      this.named("cluster-ca"),
      { secretId: caSecretOf(operator), keys: ["ca.crt"], limitSeconds: 120, ...this.kubernetesAt(operator) },
      { parent: this.context.parent },
    );
    return secret.text("ca.crt");
  }

  /** Returns undefined if no value comes from an operator's Secret. */
  private secretsOf(credentials: ClusterCredentials | undefined): pulumi.Output<ConnectionSecrets> | undefined {
    const { operator, ca, tls, existingSecrets } = this.cluster;
    if (operator === undefined) return undefined;
    const ownCa = ca !== undefined || existingSecrets?.ca === true || tls === false;
    const login =
      credentials instanceof MirrorUser
        ? pulumi.interpolate`${operator.namespace}/${credentials.secretName}`
        : undefined;
    const secrets = {
      ...(login === undefined ? {} : { login }),
      ...(ownCa ? {} : { ca: caSecretOf(operator) }),
      cluster: `${operator.namespace}/${operator.cluster}`,
    };
    return pulumi.output({ ...secrets, ...this.kubernetesAt(operator) }) as pulumi.Output<ConnectionSecrets>;
  }

  private kubernetesAt(operator: NonNullable<MigrationCluster["operator"]>): KubernetesArgs {
    const provider = operator.provider ?? this.context.args.mirror?.provider;
    return accessOfProvider(
      provider ?? this.context.parent.getProvider("kubernetes:core/v1:Secret"),
      kubernetesOf(operator),
    );
  }

  private connection(credentials: ClusterCredentials | undefined): pulumi.Output<Connection> {
    const { adminBootstrapServers, bootstrapServers, tls, serverName } = this.cluster;
    return connectionOf({
      bootstrapServers: adminBootstrapServers ?? bootstrapServers,
      ...(credentials === undefined ? {} : { credentials }),
      tls: tls ?? true,
      ...(this.ca === undefined ? {} : { ca: this.ca }),
      ...(serverName === undefined ? {} : { serverName }),
    });
  }

  private at(provider: k8s.Provider | undefined): { parent: pulumi.Resource; provider?: k8s.Provider } {
    return { parent: this.context.parent, ...(provider === undefined ? {} : { provider }) };
  }

  private named(part: string): string {
    return `${this.context.name}-${this.context.side}-${part}`;
  }
}

const caSecretOf = ({ namespace, caSecret, cluster }: NonNullable<MigrationCluster["operator"]>): string =>
  `${namespace}/${caSecret ?? `${cluster}-cluster-ca-cert`}`;

/** Returns what the workers need in a Secret in their namespace, by key. A token is not for the workers. */
function secretValues({
  mechanism,
  password,
  certificate,
  key,
}: ClusterCredentials): Record<string, pulumi.Output<string>> | undefined {
  if (mechanism === "OAUTHBEARER") return undefined;
  return mechanism === "TLS" ? { "user.crt": certificate!, "user.key": key! } : { password: password! };
}

/** Returns how the workers log in with that Secret. Undefined: there is no Secret. */
function authenticationOf(
  { mechanism, username }: ClusterCredentials,
  secretName: pulumi.Output<string> | undefined,
): MirrorAccess["authentication"] | undefined {
  if (secretName === undefined || mechanism === "OAUTHBEARER") return undefined;
  if (mechanism === "TLS")
    return { type: "tls", certificateAndKey: { secretName, certificate: "user.crt", key: "user.key" } };
  const type = mechanism.toLowerCase() as "scram-sha-512" | "scram-sha-256" | "plain";
  return { type, username, passwordSecret: { secretName, password: "password" } };
}

function kubernetesOf(access: { kubeconfig?: pulumi.Input<string> | undefined; context?: string | undefined }) {
  return {
    ...(access.kubeconfig === undefined ? {} : { kubeconfig: access.kubeconfig }),
    ...(access.context === undefined ? {} : { context: access.context }),
  };
}
