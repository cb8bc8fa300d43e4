import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as kafka from "@pulumi/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { kubernetesCluster } from "../components/kubernetes";
import { Migration } from "../components/migration/migration";
import { isMigrationError } from "../engine/errors";
import { defined } from "../engine/objects";
import { type Kept, MemoryEngine, type Outcome } from "../test/components/support/memory-engine";
import {
  completed,
  type Configuration,
  type Path,
  settingPaths,
  valuesToTry,
  withValue,
} from "../test/components/support/setting-values";
import { temporaryFolder } from "../test/support/folder";
import { testInventory } from "../test/support/inventories";
import { isQuick, part } from "../test/support/runs";
import { type Makers, migrationArgs } from "./arguments";
import { Files } from "./files";
import { SECRET_KEYS, type StackSettings } from "./schema";
import { readSettings } from "./settings";

let offline: string | undefined;
beforeAll(() => {
  offline = process.env.KAFKA_MIGRATION_OFFLINE;
  process.env.KAFKA_MIGRATION_OFFLINE = "true";
});
afterAll(() => {
  if (offline === undefined) delete process.env.KAFKA_MIGRATION_OFFLINE;
  else process.env.KAFKA_MIGRATION_OFFLINE = offline;
});

const folder = temporaryFolder("settings");
const files = ["estate.yaml", "ca.pem", "other.pem"].map((name) => join(folder, name));
const [inventory, certificate] = files as [string, string, string];
for (const file of files) writeFileSync(file, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
const REPORTER = {
  principal: "User:legacy-report",
  name: "legacy-report",
  authentication: "tls" as const,
  moves: "yes" as const,
  acls: [],
};
writeFileSync(inventory, stringify(testInventory({ users: [REPORTER] })));

const makers: Makers = {
  kubernetes: (name, access) => kubernetesCluster(name, defined(access)),
  kafka: (side) => new kafka.Provider(`${side}-kafka`, { bootstrapServers: [`${side}:9093`] }),
  secret: (key) => key,
  clientPassword: (user) => user,
  content: (file) => file,
};

const side = (name: string, more: object = {}) => ({ bootstrapServers: `${name}:9093`, ...more });
const operated = (name: string, more: object = {}) => side(name, { cluster: name, namespace: `${name}-ns`, ...more });
const administrator = { username: "admin" };
const both = (of: (name: string) => object): Configuration => ({ origin: of("origin"), target: of("target") });
const given = (more: object, admin: object = administrator) =>
  both((name) => side(name, { users: "given", username: "mm2", administrator: admin, ...more }));
const tls = { mechanism: "TLS", certificateFile: certificate };
const oauth = { mechanism: "OAUTHBEARER", oauth: { type: "oauth", tokenEndpointUri: "https://idp/token" } };
const endpoint = { tokenEndpoint: { url: "https://idp/token", clientId: "mm2" } };

/** Configurations in which different settings have an effect. */
const BASES: Record<string, Configuration> = {
  "every part": {
    ...both((name) => operated(name)),
    dialect: "strimzi-v1beta2",
    fence: true,
    report: { folder: "out" },
    waves: [{ name: "one", topics: "one-.*" }],
    mirror: { topicsPattern: "orders,one-.*" },
    inventory,
    clients: { users: [{ name: "billing", acls: [{ resource: "topic", name: "orders", operations: ["Read"] }] }] },
    connectors: [{ name: "connect", origin: { offsetStorageTopic: "connect-offsets" } }],
    verify: { mode: "sample", runOn: "kubernetes" },
    replication: { rules: [{ pattern: "orders", factor: 3 }] },
    topics: "files",
  },
  "an operator's users": both(operated),
  "the guide's profile": { ...both(operated), profile: "guide", wayBack: true, dialect: "event-streams-v1beta2" },
  "given users": given({}),
  "given certificates": given(tls, { ...administrator, ...tls }),
  "given tokens": {
    dialect: "strimzi-v1beta2",
    ...given({ ...oauth, tokenFile: "token" }, { mechanism: "OAUTHBEARER", tokenFile: "token" }),
  },
  "given endpoints": {
    dialect: "strimzi-v1beta2",
    ...given({ ...oauth, ...endpoint }, { mechanism: "OAUTHBEARER", ...endpoint }),
  },
  "Kafka's users": both((name) => side(name, { users: "kafka", administrator })),
  "no login": both((name) => side(name, { users: "anonymous" })),
};

/** Settings that say where the migration is. Other tests change them. */
const PHASES = ["phase", "waves,0,phase"];

/** Returns the settings, or the mistakes of the configuration. */
function settingsOf(values: Configuration, secrets: Record<string, string> = {}): StackSettings | string {
  const raw = Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
  try {
    return readSettings({ ...raw, ...secrets }, { files: new Files(""), isSecret: () => true });
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    // Give every user the secret that it logs in with.
    const missing = error.details.flatMap((mistake) => /^(\w+): missing/.exec(mistake)?.[1] ?? []);
    const more = missing.filter((key) => SECRET_KEYS.some((secret) => secret === key) && !(key in secrets));
    if (more.length === 0) return error.message;
    return settingsOf(values, { ...secrets, ...Object.fromEntries(more.map((key) => [key, "x"])) });
  }
}

/** Settings that change in one `up`. */
interface Change {
  base: string;
  before: StackSettings;
  after: StackSettings;
  values: Configuration;
  paths: string[];
}

function nothing(base: string, phase: string): Change {
  const values = { ...BASES[base], phase };
  const before = settingsOf(values);
  if (typeof before === "string") throw new Error(`${base}: ${before}`);
  return { base, before, after: before, values, paths: [] };
}

/** How often the same mistake is seen before a setting is tried with another configuration. */
const MOST_REFUSALS = 3;

/** Adds a valid change of the setting. Undefined: there is none. */
function withChange(change: Change, path: Path): Change | undefined {
  const refused = new Map<string, number>();
  for (const value of valuesToTry(path, files)) {
    const values = completed(withValue(change.values, path, value), files);
    if (values === undefined) continue;
    const after = settingsOf(values);
    if (typeof after !== "string") {
      if (isDeepStrictEqual(after, change.after)) continue;
      return { ...change, values, after, paths: [...change.paths, path.join(".")] };
    }
    // The mistake hardly depends on the value.
    const mistake = after.replaceAll(String(value), "");
    refused.set(mistake, (refused.get(mistake) ?? 0) + 1);
    if (refused.get(mistake)! >= MOST_REFUSALS) return undefined;
  }
  return undefined;
}

/** Divides all changes into one for each configuration. */
function grouped(paths: readonly Path[], phase: string): { changes: Change[]; left: Path[] } {
  let left = [...paths];
  const changes = bases.map((base) => {
    let change = nothing(base, phase);
    const rest: Path[] = [];
    for (const path of left) {
      const next = withChange(change, path);
      if (next === undefined) rest.push(path);
      else change = next;
    }
    left = rest;
    return change;
  });
  return { changes, left };
}

const NOTHING: Outcome = { changed: [], unknown: [], left: [] };
const states = new Map<string, Map<string, Kept>>();

/** Runs the stack with the change, and back. Returns what a preview or the state shows that it must not show. */
async function faultsOf(change: Change): Promise<string[]> {
  const engine = new MemoryEngine();
  const program = (settings: StackSettings) => () => void new Migration("m", migrationArgs(settings, makers));
  const key = JSON.stringify([change.base, change.before.phase]);
  const start = states.get(key);
  if (start === undefined) await engine.up(program(change.before));
  else engine.restore(start);
  states.set(key, engine.snapshot());
  const names = ({ changed }: Outcome) => changed.map((line) => line.split(":")[0]);
  const faults: string[] = [];
  const fault = (what: string, found: Outcome) => {
    if (!isDeepStrictEqual(found, NOTHING))
      faults.push(`${change.base}, ${what} ${change.paths.join(", ")}: ${JSON.stringify(found)}`);
  };
  const shown = await engine.preview(program(change.after));
  const done = await engine.up(program(change.after));
  if (!isDeepStrictEqual(names(shown), names(done)))
    faults.push(`${change.paths}: the preview shows ${names(shown)}, and the up changes ${names(done)}`);
  fault("a preview after the change of", await engine.preview(program(change.after)));
  const back = await engine.up(program(change.before));
  fault("the state without", { ...NOTHING, left: back.left });
  fault("a preview without", await engine.preview(program(change.before)));
  return faults;
}

/** A quick run tries part of the settings, with two of the configurations. */
const bases = isQuick ? ["every part", "given endpoints"] : Object.keys(BASES);
const paths = settingPaths().filter((path) => !PHASES.includes(String(path)));

describe("in phase mirror", () => {
  let groups: { changes: Change[]; left: Path[] };
  beforeAll(() => {
    groups = grouped(part(paths), "mirror");
  });

  test("a setting that was changed, and changed back, shows no further update", async () => {
    const faults: string[] = [];
    for (const change of groups.changes) faults.push(...(await faultsOf(change)));
    expect(faults).toEqual([]);
  }, 240_000);
});
