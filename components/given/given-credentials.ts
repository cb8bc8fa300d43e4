import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import type { ClusterCredentials } from "../credentials";
import { checkKeys } from "../user/settings";

export interface GivenCredentialsArgs {
  username: pulumi.Input<string>;
  /** For SCRAM and PLAIN. */
  password?: pulumi.Input<string>;
  /** PEM; for mutual TLS, with `key`. */
  certificate?: pulumi.Input<string>;
  /** PEM, PKCS8. */
  key?: pulumi.Input<string>;
  /** Default `SCRAM-SHA-512`; `TLS` when a certificate is given. */
  mechanism?: ClusterCredentials["mechanism"];
}

const KNOWN = ["username", "password", "certificate", "key", "mechanism"];
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS"];

/**
 * Credentials of a user that exists already, in the form in which MirrorUser and ScramUser give theirs. Nothing is
 * created; its ACLs are its owner's business (`leastAcls` says which it needs).
 * @throws MigrationError CREDENTIALS_SETTINGS with every mistake
 */
export function givenCredentials(args: GivenCredentialsArgs): ClusterCredentials {
  const mistakes = new Mistakes();
  checkKeys(args, KNOWN, mistakes);
  const mechanism = args.mechanism ?? (args.certificate === undefined ? "SCRAM-SHA-512" : "TLS");
  if (!MECHANISMS.includes(mechanism)) mistakes.add(`mechanism is "${mechanism}": it has to be one of ${MECHANISMS.join(", ")}`);
  if (!args.username) mistakes.add("username is missing");
  if (mechanism === "TLS") {
    if (!args.certificate || !args.key) mistakes.add("certificate and key are both needed for TLS");
  } else if (!args.password) mistakes.add(`password is missing for ${mechanism}`);
  const count = mistakes.list.length;
  mistakes.throwIfAny("CREDENTIALS_SETTINGS", `the given credentials have ${count} mistake${count === 1 ? "" : "s"}`, "correct them; nothing has been created");
  const secret = (value: pulumi.Input<string> | undefined) => (value === undefined ? undefined : pulumi.secret(value));
  return { username: pulumi.output(args.username), password: secret(args.password), certificate: secret(args.certificate), key: secret(args.key), mechanism };
}
