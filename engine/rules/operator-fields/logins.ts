import { entry } from "../../objects";
import { items, type Json, object } from "../../plain";
import { isPlaceholder } from "../placeholder";
import { attempt } from "../unknown";

/** A field without which the operator refuses the login of a mirror's cluster. */
export interface MissingLogin {
  path: string;
  name: string;
}

/** What the operators require for each type (Strimzi, AuthenticationUtils). The CRD requires only the type. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  "scram-sha-256": ["username", "passwordSecret"],
  "scram-sha-512": ["username", "passwordSecret"],
  plain: ["username", "passwordSecret"],
  tls: ["certificateAndKey"],
};

/** The fields that are missing in the `authentication` of a mirror's clusters. */
export function missingLogins(spec: Json): MissingLogin[] {
  const known = (read: () => unknown) => attempt(() => object(read()));
  const entries = (read: () => unknown) => attempt(() => items(read()).map(object)) ?? [];
  const clusters: [string, Json | undefined][] = [
    ["spec.target", known(() => spec.target)],
    ...entries(() => spec.clusters).map((one, i): [string, Json] => [`spec.clusters[${i}]`, one]),
    ...entries(() => spec.mirrors).map((one, i): [string, Json | undefined] => [
      `spec.mirrors[${i}].source`,
      known(() => one.source),
    ]),
  ];
  return clusters.flatMap(([path, cluster]) => {
    const login = known(() => cluster?.authentication) ?? {};
    const type = attempt(() => String(login.type)) ?? "";
    return (entry(NEEDED, type) ?? [])
      .filter((name) => !Object.hasOwn(login, name) || isEmpty(attempt(() => login[name])))
      .map((name) => ({ path: `${path}.authentication.${name}`, name }));
  });
}

const isEmpty = (value: unknown) =>
  value === null || (typeof value === "string" && value === "" && !isPlaceholder(value));
