import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "@kafka-migration/sandbox";
import type { MigrationModel } from "../../../engine/model";
import { administratorRights } from "../../../engine/preflight";

const PREFLIGHT = { accept: ["BROKERS_TOO_FEW"] };

/**
 * A whole migration without Kubernetes: every step under the names that `Migration` gives it, and the steps of the
 * other components. The inputs come as JSON from the file that OLDER_STATE_INPUT names.
 */
export const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const { readFileSync } = require("node:fs");
const { Lifecycle } = require("./dist/components/migration/lifecycle");
const { Password, Ready, SecretValues, Unclaimed, UnclaimedUser } = require("./dist/lifecycle/resources");
const { phase, abandon, model, kubeconfig, folder, waves, offsets } = JSON.parse(readFileSync(process.env.OLDER_STATE_INPUT, "utf8"));
const { origin, target, mirror } = model;

const parent = new pulumi.ComponentResource("kafka-migration:components:Migration", "orders");
const administrators = { origin: pulumi.output(origin), target: pulumi.output(target) };
const place = { name: "orders", folder: "report", root: folder };
const lifecycle = new Lifecycle({
  name: "orders",
  parent,
  phase,
  abandon,
  args: {
    origin: { bootstrapServers: origin.bootstrapServers, given: { username: "mm2" } },
    target: { bootstrapServers: target.bootstrapServers, given: { username: "mm2" } },
    mirror: { kubeconfig: pulumi.secret(kubeconfig) },
    gate: { stableSeconds: 0, limitSeconds: 20 },
    ...(waves === undefined ? {} : { waves }),
    ...(offsets === undefined ? {} : { offsets }),
  },
  mirror,
  preflight: ${JSON.stringify(PREFLIGHT)},
  report: place,
  notes: place,
  trigger: "settings",
  administrators,
  secrets: {},
});
const privileges = lifecycle.privileges(administrators, [lifecycle.beneathUsers()]);
const [gone] = lifecycle.beneathMirror([privileges]);
const steps = lifecycle.aboveMirror(gone);
lifecycle.guards(steps, lifecycle.report(steps));

const secret = { apiVersion: "v1", kind: "Secret", namespace: "origin-ns", name: "login" };
const owner = "organization/older-state/dev";
const user = { side: "origin", connection: origin, username: "mm2", accepted: false };
const login = { secretId: "origin-ns/login", keys: ["password"], limitSeconds: 10, kubeconfig };
const opts = { parent };
new Unclaimed("orders-unclaimed", { place: { ...secret, name: "absent" }, owner, kubeconfig }, opts);
new UnclaimedUser("orders-user-unclaimed", user, opts);
new Ready("orders-ready", { place: { ...secret, name: "ready" }, trigger: "spec", limitSeconds: 10, kubeconfig }, opts);
new SecretValues("orders-secret", login, opts);
new Password("orders-password", { bytes: 24 }, opts);
`;

/** What differs from one test run to the next. */
export interface OlderStateValues {
  model: MigrationModel;
  /** In front of every name of the model. */
  prefix: string;
  /** Id of the migrated topic `<prefix>-data-orders` on the origin. */
  topicId: string;
  kubeconfig: string;
  /** The Pulumi project's folder, for the report. */
  folder: string;
}

type Plain = Record<string, unknown>;

/**
 * The resources of a state that commit b03d5ff has left: the export of `up` with {@link PROGRAM} there, in phase
 * `mirror`. Secrets, addresses and random names are replaced by `{{name}}`; `$secret` holds what Pulumi encrypts. The
 * outputs do not repeat the inputs. `provider` is the code that the state holds for each step.
 */
export async function olderState({ model, ...texts }: OlderStateValues): Promise<Plain[]> {
  const file = join(repositoryRoot, "test/fixtures/older-state/state.json");
  const fixture = JSON.parse(await readFile(file, "utf8")) as { provider: string[]; resources: Plain[] };
  const values: Plain = { ...model, ...texts, rights: administratorRights(model.mirror, PREFLIGHT) };
  const filled = (text: string): unknown => {
    const [whole, name = "", kind] = /^{{(\w+)(?: ([\w-]+))?}}$/.exec(text) ?? [];
    if (kind !== undefined) return fixture.provider.join("\n").replaceAll("{{kind}}", kind);
    if (whole !== undefined) return values[name];
    return text.replace(/{{(\w+)}}/g, (_match, part: string) => String(values[part]));
  };
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return filled(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(fill);
    if ("$secret" in value) return secret(fill(value.$secret));
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [filled(key), fill(inner)]));
  };
  return (fill(fixture.resources) as Plain[]).map((resource) => {
    const { inputs, outputs } = resource as { inputs?: Plain; outputs?: Plain };
    return inputs === undefined ? resource : { ...resource, outputs: { ...inputs, ...outputs } };
  });
}

/** As an export shows a secret, and an import takes it. */
function secret(value: unknown): Plain {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: JSON.stringify(value) };
}
