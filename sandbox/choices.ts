import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { SandboxError } from "./error";
import type { ExistingCluster, SandboxOptions } from "./types";

export const USAGE = `npm start [-- options]: a real migration of a realistic estate

  --origin FILE, --target FILE   a cluster that exists instead of one that is booted; FILE is JSON:
                                 {"bootstrapServers": "host:port", "caFile": "ca.pem", "username": "admin", "password": "...",
                                  "cluster": "origin", "namespace": "origin-ns"}
                                 The estate's topics are made on it, migrated, and removed in the end.
  --kubeconfig FILE              a Kubernetes cluster that exists, with Strimzi's operators for both clusters and the namespace migration
  --other-user-operators         everything is booted but the user operators: they are yours, and the start waits for them
  --own-operator                 the sandbox's operator looks after the clusters that are given, and removes every user and ACL without a
                                 KafkaUser; with --kubeconfig on that cluster, whose CRDs and namespaces have to be there
  --bulk-mb N                    size of the estate's bulk topics together. Default 50
  --report FOLDER                keep the migration's report there, a page and a JSON file; all else goes with the sandbox`;

/** The choices of `npm start`. */
export interface Choices
  extends Pick<SandboxOptions, "origin" | "target" | "kubernetes" | "operator" | "otherOperators"> {
  bulkBytes: number;
  /** Absolute path of the folder for the report, which stays when the sandbox is removed. */
  reportFolder?: string;
  help: boolean;
}

const DEFAULT_BULK_MB = 50;

/** @throws SandboxError `BAD_ARGUMENTS` that names every mistake */
export function choicesOf(args: readonly string[]): Choices {
  const mistakes: string[] = [];
  const { values, tokens } = parseArgs({
    args: [...args],
    options: {
      origin: { type: "string" },
      target: { type: "string" },
      kubeconfig: { type: "string" },
      "own-operator": { type: "boolean" },
      "other-user-operators": { type: "boolean" },
      "bulk-mb": { type: "string" },
      report: { type: "string" },
      help: { type: "boolean" },
    },
    strict: false,
    tokens: true,
  });
  const valued = ["origin", "target", "kubeconfig", "bulk-mb", "report"];
  const known = [...valued, "own-operator", "other-user-operators", "help"];
  for (const token of tokens) {
    if (token.kind === "positional") mistakes.push(`${token.value}: there is nothing to name`);
    if (token.kind === "option" && !known.includes(token.name)) mistakes.push(`${token.rawName}: no such option`);
    if (
      token.kind === "option" &&
      valued.includes(token.name) &&
      (token.value === undefined || token.value.startsWith("--"))
    )
      mistakes.push(`${token.rawName}: its value is missing`);
  }
  const text = (name: "origin" | "target" | "kubeconfig" | "bulk-mb" | "report") =>
    typeof values[name] === "string" ? values[name] : undefined;
  const megabytes = Number(text("bulk-mb") ?? DEFAULT_BULK_MB);
  if (!Number.isInteger(megabytes) || megabytes < 1)
    mistakes.push(`--bulk-mb ${text("bulk-mb")}: a whole number from 1 on`);
  const own = values["own-operator"] === true;
  const others = values["other-user-operators"] === true;
  const side = (name: "origin" | "target") => {
    const file = text(name);
    return file === undefined ? undefined : existing(name, file, own, mistakes);
  };
  const [origin, target] = [side("origin"), side("target")];
  const [kubeconfig, report] = [text("kubeconfig"), text("report")];
  const given = (["origin", "target"] as const).filter((name) => text(name) !== undefined);
  if (own && kubeconfig === undefined && given.length === 0)
    mistakes.push("--own-operator: without --kubeconfig, --origin or --target it is there anyway");
  if (!own && kubeconfig === undefined && given.length > 0) {
    mistakes.push(
      `--${given.join(", --")}: nobody makes the mirror's users there; give --kubeconfig of the cluster whose ` +
        "operators do, or --own-operator, which removes every user and ACL without a KafkaUser",
    );
  }
  if (kubeconfig !== undefined && !own && given.length < 2) {
    mistakes.push(
      "--kubeconfig: its operators know nothing of clusters that are booted here; give --origin and --target, " +
        "too, or --own-operator",
    );
  }
  if (others && (own || kubeconfig !== undefined || given.length > 0)) {
    mistakes.push(
      "--other-user-operators: for clusters and Kubernetes that are booted here; leave out --own-operator, " +
        "--kubeconfig, --origin and --target",
    );
  }
  if (mistakes.length > 0) throw new SandboxError("BAD_ARGUMENTS", mistakes.join("\n"), { fix: "npm start -- --help" });
  return {
    ...(origin === undefined ? {} : { origin }),
    ...(target === undefined ? {} : { target }),
    ...(others ? { origin: { managed: false }, target: { managed: false } } : {}),
    ...(kubeconfig === undefined ? {} : { kubernetes: { kubeconfig: resolve(kubeconfig) }, operator: own }),
    ...(others || (kubeconfig !== undefined && !own) ? { otherOperators: true } : {}),
    bulkBytes: megabytes * 1024 * 1024,
    ...(report === undefined ? {} : { reportFolder: resolve(report) }),
    help: values.help === true,
  };
}

const FIELDS = ["bootstrapServers", "ca", "caFile", "username", "password", "cluster", "namespace"];

function existing(name: string, file: string, managed: boolean, mistakes: string[]): ExistingCluster | undefined {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    // JSON's own message quotes the text, which holds a password.
    mistakes.push(`--${name} ${file}: ${error instanceof SyntaxError ? "is no JSON" : (error as Error).message}`);
    return undefined;
  }
  const before = mistakes.length;
  const wrong = (what: string) => void mistakes.push(`--${name} ${file}: ${what}`);
  for (const key of Object.keys(found)) if (!FIELDS.includes(key)) wrong(`${key} is not a field: ${FIELDS.join(", ")}`);
  const text = (key: string, needed = false): string | undefined => {
    const value = found[key];
    if (typeof value === "string" && value !== "") return value;
    if (value !== undefined || needed) wrong(`${key} ${value === undefined ? "is missing" : "has to be text"}`);
    return undefined;
  };
  const [bootstrapServers, username, password] = [
    text("bootstrapServers", true),
    text("username", true),
    text("password", true),
  ];
  let ca = text("ca");
  const caFile = text("caFile");
  if (ca === undefined && caFile === undefined) wrong("ca (PEM) or caFile is missing");
  if (ca === undefined && caFile !== undefined) {
    try {
      ca = readFileSync(resolve(dirname(file), caFile), "utf8");
    } catch (error) {
      wrong(`caFile: ${(error as Error).message}`);
    }
  }
  if (mistakes.length > before) return undefined;
  const [label, namespace] = [text("cluster"), text("namespace")];
  return {
    existing: {
      connection: {
        bootstrapServers: bootstrapServers!,
        tls: { ca: ca! },
        sasl: { mechanism: "SCRAM-SHA-512", username: username!, password: password! },
      },
      managed,
      ...(label === undefined ? {} : { label }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
}
