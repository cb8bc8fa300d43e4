import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as kafka from "@pulumi/kafka";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { kubernetesCluster } from "../components/kubernetes";
import { Migration } from "../components/migration/migration";
import { isMigrationError } from "../engine/errors";
import { defined } from "../engine/objects";
import {
  type Kept,
  MemoryEngine,
  type Outcome,
  STEP_KINDS,
  type Tried,
} from "../test/components/support/memory-engine";
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

const ORDERS = { resource: "topic", name: "orders", operations: ["Read"] };
/**
 * The configuration with the steps that {@link BASES} "every part" cannot have. All settings are tried with it, too.
 */
const RETURN = "a way back";

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
    clients: { users: [{ name: "billing", acls: [ORDERS] }] },
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
  "Kafka's clients": {
    ...both((name) => side(name, { users: "kafka", administrator })),
    clients: { users: [{ name: "billing", acls: [ORDERS] }] },
    clientPasswords: { billing: "x" },
  },
  [RETURN]: {
    ...both(operated),
    wayBack: true,
    fence: true,
    mirror: { topicsPattern: "orders", throttleBytesPerSecond: 20_000_000 },
    topics: "resources",
    replication: { rules: [{ pattern: "orders", factor: 3 }] },
    clients: { users: [{ name: "shop", authentication: "tls", acls: [ORDERS] }] },
  },
  "no login": both((name) => side(name, { users: "anonymous" })),
};

/** Settings that say where the migration is. Other tests change them. */
const PHASES = ["phase", "waves,0,phase"];
/** Settings that add or remove steps. A step that is removed is not updated, so they change alone. */
const SWITCHES = ["topics", "wayBack", "fence", "verify,runOn", "replication,rules", "clients", "waves", "profile"];
const isSwitch = (path: Path) => SWITCHES.includes(String(path));

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

/** The same change in another phase. */
function inPhase(change: Change, phase: string): Change {
  const [before, after] = [BASES[change.base]!, change.values].map((values) => settingsOf({ ...values, phase }));
  for (const settings of [before, after])
    if (typeof settings === "string") throw new Error(`${change.base} in phase ${phase}: ${settings}`);
  return { ...change, before: before as StackSettings, after: after as StackSettings };
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

/** Divides all changes into a few, so that each setting changes in one of them. */
function grouped(paths: readonly Path[], phase: string): { changes: Change[]; left: string[] } {
  let left = [...paths];
  const changes: Change[] = [];
  const add = (base: string, some: readonly Path[]): Path[] => {
    let change = nothing(base, phase);
    const rest: Path[] = [];
    for (const path of some) {
      const next = withChange(change, path);
      if (next === undefined) rest.push(path);
      else change = next;
    }
    if (change.paths.length > 0 || !isQuick) changes.push(change);
    return rest;
  };
  for (const base of bases) {
    const switches = left.filter(isSwitch);
    // A change can take the effect from another setting. Such a setting gets a second chance.
    left = [
      ...add(
        base,
        add(
          base,
          left.filter((path) => !isSwitch(path)),
        ),
      ),
      ...add(base, switches),
    ];
  }
  if (!isQuick)
    add(
      RETURN,
      paths.filter((path) => !isSwitch(path)),
    );
  return { changes, left: left.map((path) => path.join(".")) };
}

const NOTHING: Outcome = { changed: [], unknown: [], left: [] };
const states = new Map<string, Map<string, Kept>>();
const tried: Tried = new Map();

/** Runs the stack with the change, and back. Returns what a preview or the state shows that it must not show. */
async function faultsOf(change: Change): Promise<string[]> {
  const engine = new MemoryEngine(tried);
  const program = (settings: StackSettings) => () => void new Migration("m", migrationArgs(settings, makers));
  const key = JSON.stringify([change.base, change.before.phase]);
  const start = states.get(key);
  if (start === undefined) await engine.up(program(change.before));
  else engine.restore(start);
  states.set(key, engine.snapshot());
  const names = ({ changed }: Outcome) => changed.map((line) => line.split(":")[0]!);
  const faults: string[] = [];
  const fault = (what: string, found: Outcome) => {
    if (!isDeepStrictEqual(found, NOTHING))
      faults.push(`${change.base}, ${what} ${change.paths.join(", ")}: ${JSON.stringify(found)}`);
  };
  const shown = await engine.preview(program(change.after));
  const done = await engine.up(program(change.after));
  // A preview does not know the shares of a copy that is limited, if the mirror changes.
  const open = change.base === RETURN ? shown.unknown.map((line) => line.split(":")[0]!) : [];
  const certain = names(shown).filter((line) => !open.includes(line.slice(2)) || names(done).includes(line));
  if (!isDeepStrictEqual(certain, names(done)))
    faults.push(`${change.paths}: the preview shows ${certain}, and the up changes ${names(done)}`);
  fault("a preview after the change of", await engine.preview(program(change.after)));
  const back = await engine.up(program(change.before));
  fault("the state without", { ...NOTHING, left: back.left });
  fault("a preview without", await engine.preview(program(change.before)));
  return faults;
}

/** A quick run tries part of the settings, with two of the configurations. */
const bases = isQuick ? ["every part", "given endpoints"] : Object.keys(BASES);
const paths = settingPaths().filter((path) => !PHASES.includes(String(path)));
let groups: ReturnType<typeof grouped>;
beforeAll(() => {
  groups = grouped(part(paths, 3), "mirror");
}, 600_000);

test.skipIf(isQuick)("every setting has a value to try; otherwise write an example into its description", () => {
  expect(groups.left).toEqual([]);
});

test.each(isQuick ? ["mirror"] : ["mirror", "cutover"])(
  "in phase %s a setting that was changed, and changed back, shows no further update",
  async (phase) => {
    const faults: string[] = [];
    for (const change of groups.changes) faults.push(...(await faultsOf(inPhase(change, phase))));
    expect(faults).toEqual([]);
  },
  900_000,
);

/** Inputs that no setting changes: where the migration is, what it is called, and what other steps have found. */
const NO_SETTINGS = (
  "phase, when, stage, look, mode, topic, name, owner, root, side, keys, ofKafkaUser, limited, facts, stopped, proved, " +
  "passed, passedAt, gatePassedAt, gateEnds, targetEnds, abandon of internal-topic, abandon of mirror-gone, " +
  // Each is the same for all objects, or adds and removes the step.
  "limitSeconds, topics of topic-resources, wayBack of way-back, fence of way-back, fence of return-start"
).split(", ");
/**
 * Inputs that only "Kafka's clients" has. Each setting that changes them finds its value in an earlier configuration.
 */
const NOT_TRIED = ["acls of clients-stay", "connection of clients-stay"];
/** Steps that check what is about to be created, or compare two clusters, whose names do not change here. */
const ONCE = ["password", "unclaimed-user", "unclaimed-client-users", "clients-ca"];

test.skipIf(isQuick)("these changes update every step with every input that a setting can change", () => {
  expect([...tried.keys()].sort()).toEqual(STEP_KINDS);
  const unchanged = [...tried].flatMap(([kind, { given, changed }]) =>
    [...given].flatMap((input) =>
      changed.has(input) || ONCE.includes(kind) || NO_SETTINGS.includes(input) ? [] : [`${input} of ${kind}`],
    ),
  );
  expect(unchanged.filter((input) => ![...NO_SETTINGS, ...NOT_TRIED].includes(input))).toEqual([]);
});
