import * as pulumi from "@pulumi/pulumi";
import { defined } from "../engine/objects";
import type { Connection, TokenEndpoint } from "../engine/model";

/**
 * Credentials of one user on one cluster. The user was created by MirrorUser or ScramUser, or given (givenCredentials).
 */
export interface ClusterCredentials {
  /**
   * Name of the user in Kafka, without `User:`. Empty if only the broker knows the name (a given certificate or token).
   */
  readonly username: pulumi.Output<string>;
  /** For SCRAM and PLAIN. Secret. */
  readonly password?: pulumi.Output<string>;
  /** For mutual TLS: client certificate (PEM) and key (PKCS8). Secret. */
  readonly certificate?: pulumi.Output<string>;
  readonly key?: pulumi.Output<string>;
  /** For OAUTHBEARER: bearer token. Secret. */
  readonly token?: pulumi.Output<string>;
  /** For OAUTHBEARER instead of a token: path of the file with the token, on the machine that runs `pulumi`. */
  readonly tokenFile?: pulumi.Output<string>;
  /** For OAUTHBEARER instead of a token: endpoint to request tokens from. Secret. */
  readonly tokenEndpoint?: pulumi.Output<TokenEndpoint>;
  /** How the user logs in: SASL, or with a client certificate (`TLS`). */
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN" | "TLS" | "OAUTHBEARER";
}

export interface ConnectionArgs {
  /** `host:port`, comma separated, as reached from the machine that runs `pulumi`. */
  bootstrapServers: pulumi.Input<string>;
  /** Absent: no login. */
  credentials?: ClusterCredentials;
  /** CA certificate, PEM. Absent with `tls`: the system's trust store. */
  ca?: pulumi.Input<string>;
  /** Default: true if `ca` is given or the credentials are a certificate, else false. */
  tls?: boolean;
  /** Name to check the broker's certificate against, if it differs from the address. */
  serverName?: pulumi.Input<string>;
}

/** Returns what the engine needs to connect to one cluster, as one secret value. */
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
