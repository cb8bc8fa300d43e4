import * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import { didYouMean } from "../../engine/near-miss";
import type { ClusterCredentials } from "../credentials";
import { credentialsShape, type GivenCredentialsArgs, tokenEndpointShape } from "../settings/users";

const BEARERS = ["token", "tokenFile", "tokenEndpoint"] as const;
const ENDPOINT_KEYS = Object.keys(tokenEndpointShape);
const KNOWN = Object.keys(credentialsShape);
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS", "OAUTHBEARER"];

/**
 * Credentials of an existing user, in the same form as those of MirrorUser and ScramUser. Nothing is created. The owner
 * of the user grants its ACLs (`leastAcls` returns those that it needs).
 * @throws MigrationError CREDENTIALS_SETTINGS with every mistake
 */
export function givenCredentials(args: GivenCredentialsArgs): ClusterCredentials {
  const mistakes = new Mistakes();
  const mechanism = checkCredentials(args, mistakes);
  const count = mistakes.list.length;
  mistakes.throwIfAny(
    "CREDENTIALS_SETTINGS",
    `the given credentials have ${count} mistake${count === 1 ? "" : "s"}`,
    "correct them; nothing has been created",
  );
  const secret = (value: pulumi.Input<string> | undefined) => (value === undefined ? undefined : pulumi.secret(value));
  const [password, certificate, key, token] = [args.password, args.certificate, args.key, args.token].map(secret);
  const tokenFile = args.tokenFile === undefined ? {} : { tokenFile: pulumi.output(args.tokenFile) };
  const tokenEndpoint = args.tokenEndpoint === undefined ? {} : { tokenEndpoint: pulumi.secret(args.tokenEndpoint) };
  const username = pulumi.output(args.username ?? "");
  return { username, password, certificate, key, token, ...tokenFile, ...tokenEndpoint, mechanism };
}

/** @returns the given mechanism, or the one that the given values imply */
export function checkCredentials(args: GivenCredentialsArgs, mistakes: Mistakes): ClusterCredentials["mechanism"] {
  for (const key of Object.keys(args))
    if (!KNOWN.includes(key)) mistakes.add(`${key} is not a setting${didYouMean(key, KNOWN)}`);
  const bearers = BEARERS.filter((key) => args[key] !== undefined);
  const mechanism =
    args.mechanism ?? (args.certificate !== undefined ? "TLS" : bearers.length > 0 ? "OAUTHBEARER" : "SCRAM-SHA-512");
  if (!MECHANISMS.includes(mechanism))
    mistakes.add(`mechanism is "${mechanism}": it has to be one of ${MECHANISMS.join(", ")}`);
  switch (mechanism) {
    case "TLS":
      if (!args.certificate || !args.key) mistakes.add("certificate and key are both needed for TLS");
      break;
    case "OAUTHBEARER":
      checkBearer(args, bearers, mistakes);
      break;
    default:
      if (!args.username) mistakes.add("username is missing");
      if (!args.password) mistakes.add(`password is missing for ${mechanism}`);
  }
  return mechanism;
}

function checkBearer(args: GivenCredentialsArgs, given: readonly string[], mistakes: Mistakes): void {
  if (given.length > 1) mistakes.add(`${given.join(" and ")} are both given: OAUTHBEARER takes one of them`);
  if (given.every((key) => args[key as "token"] === "")) {
    mistakes.add("token is missing for OAUTHBEARER: the engine logs in with it (or with tokenFile or tokenEndpoint)");
  }
  const endpoint = args.tokenEndpoint;
  if (endpoint === undefined) return;
  for (const key of Object.keys(endpoint)) {
    if (!ENDPOINT_KEYS.includes(key))
      mistakes.add(`tokenEndpoint.${key} is not a setting${didYouMean(key, ENDPOINT_KEYS)}`);
  }
  for (const key of ["url", "clientId", "clientSecret"] as const) {
    if (!endpoint[key]) mistakes.add(`tokenEndpoint.${key} is missing`);
  }
  if (typeof endpoint.url === "string" && endpoint.url !== "" && !/^https?:\/\/[^/]/.test(endpoint.url)) {
    mistakes.add(`tokenEndpoint.url is "${endpoint.url}": it has to begin with https:// or http://`);
  }
}
