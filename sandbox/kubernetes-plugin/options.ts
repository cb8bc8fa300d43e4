/**
 * The options of the provider resource: which are accepted, which are rejected, and which change means another cluster.
 */
import { activeCluster, NotSupported, parseKubeconfig, type Overrides } from "./kubeconfig";
import { reveal, Unknown, type Plain, type PlainObject, type Props } from "./values";

export interface Options {
  /** Path or content. Absent: the kubeconfig of the environment. */
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  namespace?: string;
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
  secretMutable: boolean;
  configMapMutable: boolean;
  patchForce: boolean;
  upsert: boolean;
}

const TEXTS = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
const FLAGS = {
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
} as const;
/** Options of the real plugin that have no effect on the kinds served here when they have one of these values. */
const HARMLESS: Record<string, string[] | "any"> = {
  enableServerSideApply: ["true"],
  alwaysRender: ["false"],
  strictMode: ["false"],
  rejectUnknownResources: ["false"],
  suppressDeprecationWarnings: "any",
  suppressHelmHookWarnings: "any",
  version: "any",
  pluginDownloadURL: "any",
};
/** Environment variables that would change what the real plugin does. Only matching values are accepted. */
const ENVIRONMENT: Record<string, RegExp> = {
  PULUMI_K8S_AWAIT_ALL: /^(?!true$)/,
  PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: /^true$/,
};

const TAIL = "is not supported by this stand-in for the kubernetes plugin";

/** Returns what is wrong, per option. Unknown values are checked later. */
export function optionFailures(options: Props): { property: string; reason: string }[] {
  const failures: { property: string; reason: string }[] = [];
  const known = [...TEXTS, ...Object.keys(FLAGS), ...Object.keys(HARMLESS)];
  for (const [property, raw] of Object.entries(options)) {
    const value = reveal(raw);
    if (value === null || value === "" || value instanceof Unknown) continue;
    const fail = (reason: string) => failures.push({ property, reason });
    const harmless = HARMLESS[property];
    if (harmless !== undefined) {
      if (harmless !== "any" && !harmless.includes(String(value))) fail(`${property}: ${String(value)} ${TAIL}`);
    } else if (property in FLAGS) {
      if (value !== true && value !== false && value !== "true" && value !== "false")
        fail(`${property} must be true or false`);
    } else if (TEXTS.some((name) => name === property)) {
      if (typeof value !== "string") fail(`${property} must be a text`);
    } else fail(`${property} ${TAIL}: it takes ${known.join(", ")}`);
  }
  return failures;
}

/** @throws NotSupported with every rejected option */
export function parseOptions(raw: Props, env: NodeJS.ProcessEnv = process.env): Options {
  const refused = optionFailures(raw).map(({ reason }) => reason);
  for (const [name, allowed] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    if (value !== undefined && !allowed.test(value)) refused.push(`${name}=${value} ${TAIL}`);
  }
  if (refused.length > 0) throw new NotSupported(refused.join("\n"));
  const flag = (name: keyof typeof FLAGS) => {
    const value = raw[name] === undefined ? undefined : reveal(raw[name]);
    if (value === undefined || value === null || value === "") return env[FLAGS[name]] === "true";
    return value === true || value === "true";
  };
  const options: Options = {
    deleteUnreachable: flag("deleteUnreachable"),
    skipUpdateUnreachable: flag("skipUpdateUnreachable"),
    secretMutable: flag("enableSecretMutable"),
    configMapMutable: flag("enableConfigMapMutable"),
    patchForce: flag("enablePatchForce"),
    upsert: flag("upsertExistingObjects"),
  };
  for (const name of ["kubeconfig", "context", "cluster", "namespace"] as const) {
    const value = textOf(raw, name);
    if (value !== "") options[name] = value;
  }
  return options;
}

export interface OptionsDiff {
  changed: string[];
  /** Options that force a replacement of the provider. Pulumi then replaces every resource that was created with it. */
  replaces: string[];
}

/**
 * Compares two configurations. If the server, certificate or name of the active cluster changes, it is another cluster.
 * @throws Error for an unreadable kubeconfig
 */
export async function diffOptions(olds: Props, news: Props): Promise<OptionsDiff> {
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => !same(valueOf(olds, key), valueOf(news, key)),
  );
  if (changed.length === 0) return { changed, replaces: [] };
  const [oldId, newId] = [valueOf(olds, "clusterIdentifier"), valueOf(news, "clusterIdentifier")];
  if (oldId !== undefined && newId !== undefined)
    return { changed, replaces: same(oldId, newId) ? [] : ["clusterIdentifier"] };
  const places = ["kubeconfig", "context", "cluster"] as const;
  const unknown = places.find((key) => valueOf(news, key) instanceof Unknown);
  if (unknown !== undefined) return { changed: [unknown], replaces: [unknown] };
  const [before, after] = await Promise.all([clusterOf(olds), clusterOf(news)]);
  if (before === undefined || after === undefined || JSON.stringify(before) === JSON.stringify(after))
    return { changed, replaces: [] };
  return { changed, replaces: places.filter((key) => changed.includes(key)) };
}

async function clusterOf(options: Props): Promise<[string, unknown][] | undefined> {
  const kubeconfig = textOf(options, "kubeconfig");
  if (kubeconfig === "") return undefined;
  const overrides: Overrides = { context: textOf(options, "context"), cluster: textOf(options, "cluster") };
  let cluster: ReturnType<typeof activeCluster>;
  try {
    cluster = activeCluster(await parseKubeconfig(kubeconfig), overrides);
  } catch (error) {
    throw new Error(`failed to parse kubeconfig: ${(error as Error).message}`);
  }
  return cluster === undefined ? undefined : Object.entries(cluster).sort(([a], [b]) => (a < b ? -1 : 1));
}

function valueOf(options: Props, key: string): Plain | undefined {
  const value = options[key] === undefined ? undefined : reveal(options[key]);
  return value === null ? undefined : value;
}

function textOf(options: Props, key: string): string {
  const value = valueOf(options, key);
  return typeof value === "string" ? value : "";
}

function same(a: Plain | undefined, b: Plain | undefined): boolean {
  if (a instanceof Unknown || b instanceof Unknown) return false;
  return JSON.stringify(a as PlainObject | undefined) === JSON.stringify(b as PlainObject | undefined);
}
