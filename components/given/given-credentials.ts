import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";
import type { ClusterCredentials } from "../credentials";

export interface GivenCredentialsArgs {
  /** For SCRAM and PLAIN. */
  username?: pulumi.Input<string>;
  /** For SCRAM and PLAIN. */
  password?: pulumi.Input<string>;
  /** PEM; for mutual TLS, with `key`. */
  certificate?: pulumi.Input<string>;
  /** PEM, PKCS8. */
  key?: pulumi.Input<string>;
  /** For OAUTHBEARER: what the engine logs in with, as long as it is valid. */
  token?: pulumi.Input<string>;
  /** Default `SCRAM-SHA-512`; `TLS` when a certificate is given, `OAUTHBEARER` when a token is. */
  mechanism?: ClusterCredentials["mechanism"];
}

const KNOWN = ["username", "password", "certificate", "key", "token", "mechanism"];
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS", "OAUTHBEARER"];

/**
 * Credentials of a user that exists already, in the form in which MirrorUser and ScramUser give theirs. Nothing is
 * created; its ACLs are its owner's business (`leastAcls` says which it needs).
 * @throws MigrationError CREDENTIALS_SETTINGS with every mistake
 */
export function givenCredentials(args: GivenCredentialsArgs): ClusterCredentials {
  const mistakes = new Mistakes();
  const mechanism = checkCredentials(args, mistakes);
  const count = mistakes.list.length;
  mistakes.throwIfAny("CREDENTIALS_SETTINGS", `the given credentials have ${count} mistake${count === 1 ? "" : "s"}`, "correct them; nothing has been created");
  const secret = (value: pulumi.Input<string> | undefined) => (value === undefined ? undefined : pulumi.secret(value));
  const [password, certificate, key, token] = [args.password, args.certificate, args.key, args.token].map(secret);
  return { username: pulumi.output(args.username ?? ""), password, certificate, key, token, mechanism };
}

/** @returns the mechanism that is meant */
export function checkCredentials(args: GivenCredentialsArgs, mistakes: Mistakes): ClusterCredentials["mechanism"] {
  for (const key of Object.keys(args)) if (!KNOWN.includes(key)) mistakes.add(`${key} is no setting${didYouMean(key, KNOWN)}`);
  const mechanism = args.mechanism ?? (args.certificate !== undefined ? "TLS" : args.token !== undefined ? "OAUTHBEARER" : "SCRAM-SHA-512");
  if (!MECHANISMS.includes(mechanism)) mistakes.add(`mechanism is "${mechanism}": it has to be one of ${MECHANISMS.join(", ")}`);
  switch (mechanism) {
    case "TLS":
      if (!args.certificate || !args.key) mistakes.add("certificate and key are both needed for TLS");
      break;
    case "OAUTHBEARER":
      if (!args.token) mistakes.add("token is missing for OAUTHBEARER: the engine logs in with it");
      break;
    default:
      if (!args.username) mistakes.add("username is missing");
      if (!args.password) mistakes.add(`password is missing for ${mechanism}`);
  }
  return mechanism;
}
