import { argumentMistakes, mirrorMistakes, usersMistakes } from "../components/migration/checks";
import type { Mistakes } from "../engine/errors";
import { type Makers, migrationArgs } from "./arguments";
import {
  type ClusterEntry,
  givenEntryShape,
  operatorEntryShape,
  SECRET_KEYS,
  SECRET_OF,
  secretOf,
  type Somebody,
  type StackSettings,
} from "./schema";

type Side = "origin" | "target";

/** What is known about a configuration in addition to its values. */
export interface ConfigFacts {
  /** The names of the secrets that are set. */
  secrets: ReadonlySet<string>;
  /**
   * Returns true for a key where a value of the wrong shape was left out. The checks then conclude nothing from its
   * absence.
   */
  faulty(...path: string[]): boolean;
}

/** The value of `users` that each key requires. */
const ONLY_FOR = {
  ...keysFor(operatorEntryShape, "operator"),
  ...keysFor(givenEntryShape, "given"),
};

function keysFor(shape: object, users: ClusterEntry["users"]): Record<string, ClusterEntry["users"]> {
  return Object.fromEntries(Object.keys(shape).map((key) => [key, users]));
}

/** Checks which keys belong together, in a configuration whose shape is right. */
export function crossChecks(settings: StackSettings, facts: ConfigFacts, mistakes: Mistakes): void {
  const used = new Set<string>();
  for (const side of ["origin", "target"] as const)
    if (!facts.faulty(side)) new SideChecks(side, settings[side], facts, mistakes, used).all();
  for (const key of SECRET_KEYS) {
    const side = key.startsWith("origin") ? "origin" : "target";
    const open =
      facts.faulty(side) ||
      facts.faulty(side, "users") ||
      facts.faulty(side, "mechanism") ||
      facts.faulty(side, "administrator") ||
      facts.faulty(side, "administrator", "mechanism");
    if (facts.secrets.has(key) && !used.has(key) && !open)
      mistakes.add(
        `${key}: nobody logs in with it, with what is said of ${side}; remove it (pulumi config rm ${key}), ` +
          `or correct ${side}.users and the mechanisms`,
      );
  }
}

class SideChecks {
  constructor(
    private readonly side: Side,
    private readonly entry: ClusterEntry,
    private readonly facts: ConfigFacts,
    private readonly mistakes: Mistakes,
    private readonly used: Set<string>,
  ) {}

  all(): void {
    const { entry, side, mistakes } = this;
    if (entry.administrator !== undefined)
      this.somebody("Administrator", entry.administrator, "the migration's administrator");
    if (this.facts.faulty(side, "users")) return;
    for (const [key, maker] of Object.entries(ONLY_FOR)) {
      if (entry[key as keyof ClusterEntry] !== undefined && maker !== entry.users)
        mistakes.add(
          `${side}.${key}: not used with users: ${entry.users}; remove it, or set ${side}.users to ${maker}`,
        );
    }
    if (entry.users === "operator") {
      this.need("cluster", entry.cluster, "the name of the Kafka resource whose operator makes the users");
      this.need("namespace", entry.namespace, "the namespace of that Kafka resource");
    } else if (entry.users !== "anonymous") {
      this.need(
        "administrator.username",
        entry.administrator,
        `users: ${entry.users} needs a given administrator`,
        "administrator",
      );
    }
    if (entry.users === "given") this.somebody("", entry, "the mirror");
    if (
      entry.users === "kafka" &&
      entry.administrator !== undefined &&
      SECRET_OF[entry.administrator.mechanism] !== "Password"
    ) {
      mistakes.add(
        `${side}.administrator.mechanism: "${entry.administrator.mechanism}" is not possible; with users: ` +
          "kafka it logs in through @pulumi/kafka, with a password",
      );
    }
  }

  /** Checks the name or certificate of a given user, and its secret. */
  private somebody(who: "" | "Administrator", user: Somebody, whose: string): void {
    const part = who === "" ? "" : "administrator.";
    if (this.facts.faulty(this.side, ...part.split(".").filter(Boolean), "mechanism")) return;
    const { mechanism = "SCRAM-SHA-512" } = user;
    const what = secretOf(user);
    for (const bearer of ["tokenFile", "tokenEndpoint"] as const) {
      const misplaced = mechanism !== "OAUTHBEARER" && user[bearer] !== undefined;
      if (misplaced)
        this.mistakes.add(
          `${this.side}.${part}${bearer}: not used with mechanism ${mechanism}; remove it, or set the ` +
            "mechanism to OAUTHBEARER",
        );
    }
    if (what === "Password") this.need(`${part}username`, user.username, `the user that ${whose} logs in with`);
    if (who === "" && this.entry.existingSecrets?.credentials === true && mechanism !== "OAUTHBEARER") return;
    if (what === "Key")
      this.need(`${part}certificateFile`, user.certificateFile, `the client certificate that ${whose} logs in with`);
    else if (user.certificateFile !== undefined)
      this.mistakes.add(
        `${this.side}.${part}certificateFile: not used with mechanism ${mechanism}; remove it, or set the ` +
          "mechanism to TLS",
      );
    if (what === undefined) return;
    const key = `${this.side}${who}${what}`;
    this.used.add(key);
    const name = what === "ClientSecret" ? "client secret" : what.toLowerCase();
    if (!this.facts.secrets.has(key))
      this.mistakes.add(
        `${key}: missing; the ${name} of ${user.username ?? whose} (pulumi config set --secret ${key})`,
      );
  }

  private need(key: string, value: unknown, why: string, at = key): void {
    if (value === undefined && !this.facts.faulty(this.side, ...at.split(".")))
      this.mistakes.add(`${this.side}.${key}: missing; ${why}`);
  }
}

/**
 * The component's own mistakes, those of the dialect and those of the rules. Otherwise the user would only see them
 * after correcting the rest.
 */
export function componentMistakes(settings: StackSettings): string[] {
  const clusters = new Map<string, never>();
  // One placeholder per Kubernetes cluster. Names must differ within one cluster, but not between two.
  const kubernetes: Makers["kubernetes"] = (_name, { kubeconfig = "", context = "" }) => {
    const key = JSON.stringify([kubeconfig, context]);
    if (!clusters.has(key)) clusters.set(key, {} as never);
    return clusters.get(key);
  };
  const args = migrationArgs(complete(settings), {
    kubernetes,
    kafka: () => ({}) as never,
    secret: () => "-",
    clientPassword: () => "-",
    content: () => "-",
  });
  const mistakes = [...argumentMistakes(args).map(asTheStackSays), ...mirrorMistakes(args)];
  return mistakes.length > 0 ? mistakes : usersMistakes(args);
}

/** Fills in missing values, because their absence has been reported already. */
function complete(settings: StackSettings): StackSettings {
  const somebody = <T extends Somebody>(user: T): T => ({
    ...user,
    username: user.username ?? "-",
    certificateFile: user.certificateFile ?? "-",
  });
  const side = (entry: ClusterEntry): ClusterEntry => ({
    ...(entry.users === "given" ? somebody(entry) : entry),
    cluster: entry.cluster ?? "unknown",
    namespace: entry.namespace ?? "unknown",
    administrator:
      entry.administrator === undefined && (entry.users === "operator" || entry.users === "anonymous")
        ? undefined
        : somebody(entry.administrator ?? { mechanism: "SCRAM-SHA-512" as const }),
  });
  return { ...settings, origin: side(settings.origin), target: { ...settings.target, ...side(settings.target) } };
}

/**
 * Translates the component's names for the stack, which has no `operator` and `given`: their keys belong to the cluster
 * itself.
 */
function asTheStackSays(mistake: string): string {
  return mistake
    .replace(/^(origin|target)\.given\.authentication/, "$1.oauth")
    .replace(/^(origin|target)\.ca is/, "$1.caFile is")
    .replace(/^(origin|target)\.operator\.version/, "$1.operatorVersion")
    .replace(/^(origin|target)\.(operator|given)\b/, "$1")
    .replace("nobody logs in with anonymous", "nobody logs in with users: anonymous");
}
