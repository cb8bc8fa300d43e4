import * as pulumi from "@pulumi/pulumi";
import { defined } from "../engine/defined";
import type { Connection, TokenEndpoint } from "../engine/model";

/** Who connects to one cluster, whoever made the user: MirrorUser, ScramUser or givenCredentials. */
export interface ClusterCredentials {
  /** As Kafka knows it, without `User:`; empty where only the broker knows it (a given certificate or token). */
  readonly username: pulumi.Output<string>;
  /** Secret; for SCRAM and PLAIN. */
  readonly password?: pulumi.Output<string>;
  /** PEM client certificate and PKCS8 key, secret; for mutual TLS. */
  readonly certificate?: pulumi.Output<string>;
  readonly key?: pulumi.Output<string>;
  /** Bearer token, secret; for OAUTHBEARER. */
  readonly token?: pulumi.Output<string>;
  /** For OAUTHBEARER instead of a token: the file that holds it, where `pulumi` runs. */
  readonly tokenFile?: pulumi.Output<string>;
  /** For OAUTHBEARER instead of a token: where to request tokens; secret. */
  readonly tokenEndpoint?: pulumi.Output<TokenEndpoint>;
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN" | "TLS" | "OAUTHBEARER";
}

export interface ConnectionArgs {
  /** As reached from where `pulumi` runs; `host:port`, comma separated. */
  bootstrapServers: pulumi.Input<string>;
  /** Absent: without a login. */
  credentials?: ClusterCredentials;
  /** PEM; absent with `tls`: the system's trust store. */
  ca?: pulumi.Input<string>;
  /** Default: true when `ca` is given or the credentials are a certificate, else false. */
  tls?: boolean;
  /** Name to check the broker's certificate against when it differs from the address. */
  serverName?: pulumi.Input<string>;
}

/** What the engine needs to reach one cluster, as one secret value. */
export function connectionOf(args: ConnectionArgs): pulumi.Output<Connection> {
  const { credentials, ca, serverName } = args;
  const mutual = credentials?.mechanism === "TLS";
  const tls = args.tls ?? (ca !== undefined || mutual);
  const { username, password, certificate, key, token, tokenFile, tokenEndpoint } = credentials ?? {};
  const login = { username, password, cert: certificate, key, token, tokenFile, tokenEndpoint };
  const parts = pulumi.all([args.bootstrapServers, ca, serverName, pulumi.output(login)]);
  return pulumi.secret(
    parts.apply(([bootstrapServers, caText, name, { username, password, cert, key, ...bearer }]): Connection => {
      const connection: Connection = { bootstrapServers: bootstrapServers as string };
      if (tls) connection.tls = defined({ ca: caText, serverName: name, ...(mutual ? { cert, key } : {}) });
      if (credentials?.mechanism === "OAUTHBEARER") {
        connection.sasl = { mechanism: "OAUTHBEARER", ...defined(bearer) } as NonNullable<Connection["sasl"]>;
      } else if (credentials !== undefined && !mutual) {
        connection.sasl = {
          mechanism: credentials.mechanism as "SCRAM-SHA-512",
          username: username!,
          password: password!,
        };
      }
      return connection;
    }),
  );
}
