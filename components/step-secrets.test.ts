import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";
import * as steps from "../lifecycle/resources";
import { testMirror } from "../test/support/models";
import { recordingMocks } from "../test/components/support/mocks";

const MARK = "hunter2";
const secret = (what: string) => `${MARK} ${what}`;
const scram = (who: string) => ({ username: who, password: secret(who) });
const kubeconfig = secret("kubeconfig");

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

/** Returns true for a secret in Pulumi's wire format. */
const isSecret = (value: object) =>
  (value as Record<string, unknown>)["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270";

/** Returns the paths of secret texts that Pulumi does not encrypt, and the number of those that it encrypts. */
function look(value: unknown, path = "", hidden = false, found = { open: [] as string[], hidden: 0 }) {
  if (typeof value === "string" && value.includes(MARK)) {
    if (hidden) found.hidden++;
    else found.open.push(path);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}.${key}`, hidden || isSecret(value), found);
  }
  return found;
}

test("every secret that a step gets as plain text is marked as secret, wherever it is", async () => {
  const originConnection = { bootstrapServers: "o:1", sasl: { mechanism: "PLAIN" as const, ...scram("origin") } };
  const targetConnection = { bootstrapServers: "t:1", tls: { key: secret("key"), cert: "C" } };
  const secrets = { login: "n/s", kubeconfig };
  const step = {
    originConnection,
    targetConnection,
    originSecrets: secrets,
    targetSecrets: secrets,
    mirror: testMirror(),
  };
  const phased = {
    ...step,
    phase: "mirror" as const,
    abandon: false,
    fence: false,
    options: {} as never,
    mirrorOriginConnection: originConnection,
    mirrorTargetConnection: targetConnection,
  };
  const place = { name: "m", folder: "f", root: "/" };
  const object = { apiVersion: "v1", kind: "Secret" as const, namespace: "n", name: "s" };
  const made = {
    Preflight: () => new steps.Preflight("preflight", { ...phased, stage: "privileges" }, {}),
    WayBack: () =>
      new steps.WayBack(
        "way-back",
        {
          ...step,
          phase: "cutover",
          abandon: false,
          fence: false,
          wayBack: true,
          gate: {},
          verify: { mode: "tail" },
          offsets: {} as never,
          place: { ...object, kind: "KafkaMirrorMaker2" },
          kubeconfig,
        },
        {},
      ),
    ReturnStart: () => new steps.ReturnStart("return-start", { ...step, abandon: false, targetEnds: {} }, {}),
    CheckpointsTopic: () => new steps.CheckpointsTopic("checkpoints", { ...step, mode: "always" }, {}),
    InternalTopicResource: () =>
      new steps.InternalTopicResource(
        "topic",
        { ...step, topic: { kind: "configs", side: "target", name: "c", partitions: 1 } },
        {},
      ),
    MirrorGone: () => new steps.MirrorGone("gone", { ...step, limitSeconds: 1 }, {}),
    CopyShares: () =>
      new steps.CopyShares("copy-shares", { ...step, bytesPerSecond: 1, fetchBytes: 1, users: {} as never }, {}),
    CopyThrottle: () =>
      new steps.CopyThrottle(
        "copy-throttle",
        { ...step, users: {} as never, shares: { origin: 1, target: 1 }, limited: true },
        {},
      ),
    Access: () => new steps.Access("access", { ...phased, mode: "warn" }, {}),
    Fence: () => new steps.Fence("fence", { ...phased, enabled: true }, {}),
    Gate: () => new steps.Gate("gate", phased, {}),
    Guard: () => new steps.Guard("guard", phased, {}),
    Verification: () => new steps.Verification("verification", { ...phased, resume: place }, {}),
    ConnectorOffsets: () => new steps.ConnectorOffsets("connectors", { ...phased, connectors: [] }, {}),
    ConsumerOffsets: () => new steps.ConsumerOffsets("offsets", { ...phased, resume: place }, {}),
    Replication: () => new steps.Replication("replication", { ...phased, when: "cutover" }, {}),
    TopicResources: () =>
      new steps.TopicResources(
        "topics",
        { ...phased, topics: "files", folder: "f", root: "", apiVersion: "v", owner: "o", replication: {} },
        {},
      ),
    Report: () =>
      new steps.Report("report", { ...phased, ...place, facts: {} as never, gateEnds: null, trigger: "t" }, {}),
    Residue: () =>
      new steps.Residue(
        "residue",
        { ...phased, when: "destroy", look: {}, kubernetes: [{ kubeconfig, places: [] } as never] },
        {},
      ),
    Ready: () => new steps.Ready("ready", { place: object, limitSeconds: 1, kubeconfig }, {}),
    SecretValues: () =>
      new steps.SecretValues("values", { secretId: "n/s", keys: ["password"], limitSeconds: 1, kubeconfig }, {}),
    Unclaimed: () => new steps.Unclaimed("unclaimed", { place: object, owner: "o", kubeconfig }, {}),
    UnclaimedUser: () =>
      new steps.UnclaimedUser(
        "unclaimed-user",
        { side: "origin", connection: originConnection, username: "u", accepted: false },
        {},
      ),
    UnclaimedClients: () =>
      new steps.UnclaimedClients(
        "unclaimed-clients",
        {
          apiVersion: "v",
          namespace: "n",
          users: [],
          withSecret: [],
          secrets: [],
          owner: "o",
          cluster: { name: "c" },
          kubeconfig,
        },
        {},
      ),
    UnclaimedClientUsers: () =>
      new steps.UnclaimedClientUsers(
        "unclaimed-client-users",
        { side: "target", connection: targetConnection, principals: ["User:a"] },
        {},
      ),
    ClientPasswords: () =>
      new steps.ClientPasswords("client-passwords", { apiVersion: "v", users: [], kubeconfig }, {}),
    ClientsReady: () =>
      new steps.ClientsReady(
        "clients-ready",
        { apiVersion: "v", namespace: "n", users: [], limitSeconds: 1, kubeconfig },
        {},
      ),
    ClientsStay: () =>
      new steps.ClientsStay("clients-stay", { where: "w", users: [], acls: {}, connection: targetConnection }, {}),
    ClientsCa: () =>
      new steps.ClientsCa(
        "clients-ca",
        {
          users: [],
          origin: { namespace: "n", name: "s", kubeconfig },
          target: { namespace: "n", name: "s", kubeconfig },
        },
        {},
      ),
    // Its only secret is an output, which the mocks do not produce.
    Password: () => new steps.Password("password", { bytes: 24 }, {}),
  };
  // Fails if a new step is missing in `made`.
  expect(Object.keys(made).sort()).toEqual(
    Object.entries(steps)
      .filter(([, value]) => typeof value === "function")
      .map(([name]) => name)
      .sort(),
  );
  for (const make of Object.values(made)) make();
  await pulumi.runtime.disconnect();
  // What a step returns under the name of a secret input must be secret, too, whatever Pulumi does with the input.
  const secretKeys = (inputs: object) =>
    Object.entries(inputs)
      .filter(([, value]) => look(value).hidden > 0)
      .map(([key]) => key);
  expect(
    mocks.declared.flatMap((d) =>
      secretKeys(d.inputs)
        .filter((key) => !d.secretOutputs.includes(key))
        .map((key) => `${d.type} ${d.name} ${key}`),
    ),
  ).toEqual([]);
  const found = mocks.declared.map((d) => ({ at: `${d.type} ${d.name}`, ...look(d.inputs) }));
  expect(found.flatMap((f) => f.open.map((path) => `${f.at}${path}`))).toEqual([]);
  const without = found.filter((f) => f.hidden === 0).map((f) => f.at);
  expect(without).toEqual(["pulumi-nodejs:dynamic/kafka-migration:Password password"]);
});
