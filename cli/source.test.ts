import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MirrorModel, mirrorModelShape } from "../engine/model";
import { fakeApiServer, secretPath, secretWith } from "../test/lifecycle/support/api-server";
import { readModelFile } from "./source/model-file";
import { migrationOf } from "./source/state";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});
const connection = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  sasl: { mechanism: "SCRAM-SHA-512", username: "admin", password: `${side}-pass` },
});
const mirror = { originAlias: "o", targetAlias: "t", topicsPattern: "orders.*" };

function step(kind: string, props: object, owner = "orders", outputs: object = {}) {
  const inputs = {
    originConnection: secret(connection("origin")),
    targetConnection: secret(connection("target")),
    mirror,
    ...props,
  };
  return {
    urn: `urn:pulumi:dev::project::kafka-migration:components:Migration$pulumi-nodejs:dynamic/kafka-migration:${kind}::${owner}-${kind}`,
    type: `pulumi-nodejs:dynamic/kafka-migration:${kind}`,
    parent: `urn:pulumi:dev::project::kafka-migration:components:Migration::${owner}`,
    inputs,
    outputs: { ...inputs, ...outputs },
  };
}
const state = (...resources: object[]) => JSON.stringify({ version: 3, deployment: { resources } });

describe("the stack's state", () => {
  it("gives a connection that reads a rotated password again, if the stack knows its Secret", async () => {
    const api = await fakeApiServer({ [secretPath("origin-ns", "admin")]: secretWith({ password: "a new one" }) });
    const originSecrets = secret({ login: "origin-ns/admin", kubeconfig: api.kubeconfig });
    const { model } = migrationOf(state(step("Gate", { originSecrets })), "dev");
    expect(await model.origin.renew!()).toMatchObject({ sasl: { username: "admin", password: "a new one" } });
    expect(model.target.renew).toBeUndefined();
  });

  it("names the migration's own users and the operators, for the inventory", () => {
    const place = (name: string, namespace: string) => ({
      apiVersion: "eventstreams.ibm.com/v1beta2",
      kind: "KafkaUser",
      namespace,
      name,
    });
    const kubernetes = [
      { owner: "o", places: [{ ...place("m", "migration"), kind: "KafkaMirrorMaker2" }] },
      { side: "origin", context: "old", kubeconfig: secret("a kubeconfig"), places: [place("mm2", "es")] },
      { side: "origin", places: [{ ...place("mm2", "es"), kind: "Secret" }] },
      { side: "target", places: [place("mm2-target", "kafka")] },
    ];
    const users = { origin: { principals: ["User:CN=mm2", "User:mm2-admin"] } };
    const found = migrationOf(
      state(
        step("Gate", {}),
        step("Preflight", { stage: "clusters", options: { users } }),
        step("Preflight", {
          stage: "privileges",
          mirrorOriginConnection: secret({ ...connection("origin"), sasl: { username: "given" } }),
        }),
        step("Residue", { kubernetes }),
      ),
      "dev",
    );
    expect(found.principals).toEqual(["User:CN=mm2", "User:admin", "User:given", "User:mm2-admin"]);
    expect(found.operators).toEqual({
      origin: {
        kubeconfig: "a kubeconfig",
        context: "old",
        namespace: "es",
        apiVersion: "eventstreams.ibm.com/v1beta2",
        user: "mm2",
      },
      target: true,
    });
    // The state of an older version does not say which side a user belongs to.
    expect(migrationOf(state(step("Gate", {})), "dev").operators).toEqual({ target: false });
  });

  describe("of a migration in waves", () => {
    const scope = (of: object) => ({ mirror: { ...mirror, scope: of } });
    const outside = scope({ withoutTopics: ["orders"], withoutGroups: [] });
    const orders = scope({ wave: "orders", topics: "orders", groups: "" });
    const late = scope({ wave: "late", topics: "late", groups: "" });
    // In the state the steps of waves may come first.
    const all = state(
      step("Gate", { ...orders, phase: "cutover", options: { limitMs: 1 } }, "orders", {
        result: { passedAt: "2026-01-02T00:00:00Z" },
        topicIds: { orders: { origin: "A" } },
      }),
      step("Fence", orders, "orders", { raised: { raisedAt: "2026-01-01T23:00:00Z" } }),
      step("Gate", { ...late, phase: "mirror", options: { limitMs: 2 } }),
      step("ConsumerOffsets", { ...late, phase: "consumers", options: {} }, "orders", { applied: { at: "x" } }),
      step("Gate", { ...outside, phase: "mirror", options: { limitMs: 3 } }, "orders", { topicIds: {} }),
      step("Preflight", { stage: "clusters", phase: "mirror", options: {} }),
    );

    it("is about everything outside the waves, and lists them with what they have done", () => {
      const found = migrationOf(all, "dev");
      expect(found.model.mirror).toEqual(outside.mirror);
      expect(found.done).toEqual({ phase: "mirror" });
      expect(found.options.gate).toEqual({ limitMs: 3 });
      expect(found).not.toHaveProperty("wave");
      expect(found.waves.map((w) => [w.name, w.done.phase])).toEqual([
        ["orders", "cutover"],
        ["late", "consumers"],
      ]);
      expect(found.waves[0]).toMatchObject({ recorded: { orders: { origin: "A" } }, scope: orders.mirror.scope });
    });

    it("knows that the origin gets records after the gate when the way back is open", () => {
      const ends = { orders: { target: "orders", originEnds: [5], targetEnds: [5] } };
      const gate = step("Gate", { ...orders, phase: "cutover" }, "orders", { ends });
      const closed = step("WayBack", { ...orders, phase: "cutover" }, "orders", { openedAt: null });
      const open = step("WayBack", { ...orders, phase: "cutover" }, "orders", { openedAt: "2026-01-02T00:00:00Z" });
      const done = (...steps: object[]) => migrationOf(state(...steps), "dev", undefined, "orders").done;
      expect(done(gate, closed)).toMatchObject({ originEnds: { orders: [5] } });
      expect(done(gate, open)).not.toHaveProperty("originEnds");
      expect(done(gate, open).wayBack).toEqual({ openedAt: "2026-01-02T00:00:00Z" });
    });

    it("has the Connect clusters of each part, whose source connectors' offsets are copied", () => {
      const cluster = (name: string) => ({ name, origin: { offsetStorageTopic: `${name}-offsets` } });
      const steps = state(
        step("Gate", outside),
        step("Gate", orders),
        step("ConnectorOffsets", { ...outside, connectors: [cluster("rest")] }),
        step("ConnectorOffsets", { ...orders, connectors: [cluster("shop")] }),
      );
      expect(migrationOf(steps, "dev").options.connectors).toEqual([cluster("rest")]);
      expect(migrationOf(steps, "dev", undefined, "orders").options.connectors).toEqual([cluster("shop")]);
      expect(migrationOf(steps, "dev").waves.map((wave) => wave.connectors)).toEqual([[cluster("shop")]]);
      expect(migrationOf(state(step("Gate", {})), "dev").options.connectors).toEqual([]);
    });

    it("knows whether the cutover writes KafkaTopics", () => {
      const written = step("TopicResources", { ...outside, topics: "files" });
      expect(migrationOf(state(step("Gate", outside), written), "dev").ownership).toBe("files");
      expect(migrationOf(state(step("Gate", outside)), "dev")).not.toHaveProperty("ownership");
    });

    it("is about one wave if that is asked for", () => {
      const found = migrationOf(all, "dev", undefined, "orders");
      expect(found).toMatchObject({
        wave: "orders",
        model: { mirror: orders.mirror, recorded: { orders: { origin: "A" } } },
        options: { gate: { limitMs: 1 } },
        done: {
          phase: "cutover",
          gate: { passedAt: "2026-01-02T00:00:00Z" },
          fence: { raisedAt: "2026-01-01T23:00:00Z" },
        },
      });
    });

    it("names the waves that there are", () => {
      expect(() => migrationOf(all, "dev", undefined, "order")).toThrow(/no wave "order" \(did you mean "orders"\?\)/);
      const none = state(step("Gate", {}));
      expect(() => migrationOf(none, "dev", undefined, "orders")).toThrow(/leave --wave out/);
      expect(migrationOf(none, "dev").waves).toEqual([]);
    });
  });

  it("provides connections, options and the finished steps", () => {
    const found = migrationOf(
      state(
        { type: "pulumi:pulumi:Stack", urn: "x" },
        step("Preflight", { stage: "privileges", options: { fence: true } }, "orders", {
          checkedAt: "2026-01-01T00:00:00Z",
          result: null,
        }),
        step("Preflight", { stage: "clusters", options: { accept: ["X"] } }, "orders", {
          checkedAt: "2026-01-01T00:00:00Z",
          result: { topics: 3 },
        }),
        step("Gate", { phase: "cutover", options: { limitMs: 5 } }, "orders", {
          passed: true,
          result: { passedAt: "2026-01-02T00:00:00Z" },
          abandonedAt: null,
          ends: { t: { target: "t", originEnds: [3, 0], targetEnds: [5, 0] } },
          topicIds: { t: { origin: "A", target: "B" } },
        }),
        step("Replication", { when: "removal", options: { batchPartitions: 1 } }),
        step("Replication", { when: "cutover", options: { batchPartitions: 2 } }),
        step("ConsumerOffsets", { options: { overwrite: true } }, "orders", { applied: null, appliedAt: null }),
      ),
      "dev",
    );
    expect(found).toMatchObject({
      name: "dev",
      model: {
        origin: connection("origin"),
        target: connection("target"),
        mirror,
        recorded: { t: { origin: "A", target: "B" } },
      },
      options: {
        preflight: { accept: ["X"] },
        gate: { limitMs: 5 },
        verify: { mode: "tail" },
        offsets: { overwrite: true },
        replication: { batchPartitions: 2 },
      },
      done: {
        phase: "cutover",
        preflight: { at: "2026-01-01T00:00:00Z", result: { topics: 3 } },
        gate: { passedAt: "2026-01-02T00:00:00Z" },
        originEnds: { t: [3, 0] },
      },
    });
    expect(found.done).not.toHaveProperty("offsets");
    expect(found.done).not.toHaveProperty("abandonedAt");
  });

  it("knows how access is compared, also from a state without that step", () => {
    const old = [
      step("Gate", {}),
      step("Preflight", { stage: "clusters", options: { everyoneByDefault: { origin: true } } }),
      step("ConsumerOffsets", { options: { groups: ["audit"], excludeGroups: ["legacy"] } }),
    ];
    const expected = { everyoneByDefault: { origin: true }, groups: ["audit"], excludeGroups: ["legacy"] };
    expect(migrationOf(state(...old), "dev").options.access).toEqual(expected);
    const access = step("Access", { mode: "require", options: { ignore: ["User:mm2"] } });
    expect(migrationOf(state(...old, access), "dev").options.access).toEqual({ mode: "require", ignore: ["User:mm2"] });
  });

  it("gives the phase cleanup if only the steps of a clean-up are left", () => {
    expect(
      migrationOf(
        state(step("Preflight", { stage: "clusters", phase: "cleanup" }), step("CheckpointsTopic", { mode: "never" })),
        "dev",
      ).done.phase,
    ).toBe("cleanup");
  });

  it("needs a name if there are several migrations, and is an error if there is none", () => {
    const two = state(step("Gate", {}, "orders"), step("Gate", {}, "billing"));
    expect(() => migrationOf(two, "dev")).toThrow(/CLI_STACK_SEVERAL: stack "dev" has 2 migrations: orders, billing/);
    expect(() => migrationOf(two, "dev", "order")).toThrow(/did you mean "orders"/);
    expect(migrationOf(two, "dev", "billing").name).toBe("dev/billing");
    expect(migrationOf(state(step("Gate", {}), step("Report", { name: "dev/orders" })), "dev").name).toBe("dev/orders");
    expect(() => migrationOf(state({ type: "pulumi:pulumi:Stack" }), "dev")).toThrow(/CLI_STACK_EMPTY/);
  });

  it("is never quoted in an error if it cannot be read", () => {
    const broken = `{"deployment": {"resources": [{"password": "hunter2"`;
    expect(() => migrationOf(broken, "dev")).toThrow(/CLI_STACK_FORMAT/);
    expect(() => migrationOf(broken, "dev")).not.toThrow(/hunter2/);
    const hidden = step("Gate", {
      originConnection: {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        ciphertext: "v1:abc",
      },
    });
    expect(() => migrationOf(state(hidden), "dev")).toThrow(/did not decrypt/);
  });
});

describe("the model file", () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-"))) as unknown as void);
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (content: unknown, mode = 0o600) => {
    const path = join(folder, "orders.json");
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    await chmod(path, mode);
    return path;
  };
  const model = {
    origin: connection("origin"),
    target: connection("target"),
    mirror: {
      originAlias: "o",
      targetAlias: "t",
      groupId: "g",
      offsetStorageTopic: "a",
      configStorageTopic: "b",
      statusStorageTopic: "c",
      policyClass: "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
      kafkaVersion: "4.3.1",
    },
  };

  it("is read with Kafka's defaults and its own options", async () => {
    const read = await readModelFile(await file({ ...model, options: { offsets: { overwrite: true } } }));
    expect(read).toMatchObject({
      name: "orders",
      model: { mirror: { topicsPattern: ".*", offsetSyncsLocation: "source", refreshTopicsIntervalSeconds: 600 } },
      options: { offsets: { overwrite: true }, verify: { mode: "tail" } },
      done: {},
    });
  });

  it("names the Connect clusters whose source connectors' offsets are copied", async () => {
    const connectors = [{ name: "connect", origin: { offsetStorageTopic: "connect-offsets" }, include: ["a"] }];
    expect((await readModelFile(await file({ ...model, options: { connectors } }))).options.connectors).toEqual(
      connectors,
    );
    const wrong = [{ name: "connect", origin: {} }];
    await expect(readModelFile(await file({ ...model, options: { connectors: wrong } }))).rejects.toThrow(
      /CLI_MODEL_INVALID[^]*options.connectors.0.origin.offsetStorageTopic/,
    );
  });

  it("accepts every field of the engine's model, also `checkpoints: false`", async () => {
    const mirror: MirrorModel = {
      ...model.mirror,
      topicsPattern: "a",
      topicsExcludePattern: "b",
      groupsPattern: "c",
      groupsExcludePattern: "d",
      offsetSyncsLocation: "target",
      separator: "",
      internalSeparatorEnabled: false,
      checkpoints: false,
      heartbeats: true,
      isolationLevel: "read_committed",
      exactlyOnce: true,
      syncGroupOffsets: true,
      replicationFactor: 3,
      offsetFlushIntervalMs: 1000,
      refreshTopicsIntervalSeconds: 60,
    };
    expect(Object.keys(mirror).sort()).toEqual(Object.keys(mirrorModelShape).sort());
    expect((await readModelFile(await file({ ...model, mirror }))).model.mirror).toEqual(mirror);
  });

  it.each([0o644, 0o640, 0o604])("is refused if other users can read it (%o)", async (mode) => {
    await expect(readModelFile(await file(model, mode))).rejects.toThrow(
      /CLI_MODEL_READABLE: .*has mode 06[04][04][\s\S]*chmod 600/,
    );
  });

  it("is accepted with any mode from a Secret that Kubernetes mounted", async () => {
    const mounted = await file(model, 0o644);
    await mkdir(join(folder, "..data"), { recursive: true });
    await rename(mounted, join(folder, "..data", "model.json"));
    await symlink(join("..data", "model.json"), join(folder, "model.json"));
    expect((await readModelFile(join(folder, "model.json"))).model.origin).toEqual(model.origin);
  });

  it("takes a wave, the recorded topic ids and the time of the gate", async () => {
    const scope = { wave: "orders", topics: "orders[.].*", withoutGroups: ["a"] };
    const more = { recorded: { "orders.a": { origin: "1", target: "2" } }, gatePassedAt: "2026-01-01T00:00:00.000Z" };
    const proved = { "orders.a": { target: "orders.a", originEnds: [5], targetEnds: [6] } };
    const read = await readModelFile(
      await file({ ...model, mirror: { ...model.mirror, scope, leaving: ["b"] }, proved, ...more }),
    );
    expect(read.model).toMatchObject({ mirror: { scope, leaving: ["b"] }, recorded: more.recorded, proved });
    expect(read.gatePassedAt).toBe(more.gatePassedAt);
  });

  it("reports all mistakes and no password", async () => {
    const { kafkaVersion: _, ...rest } = model.mirror;
    const bad = {
      ...model,
      origin: { ...model.origin, sasl: { ...model.origin.sasl, pasword: "hunter2", mechanism: "PLAIN" } },
      mirror: { ...rest, groupId: "" },
    };
    const message = await readModelFile(await file(bad)).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(message).toContain("origin.sasl");
    expect(message).toContain("mirror.kafkaVersion");
    expect(message).toContain("mirror.groupId");
    expect(message).not.toContain("hunter2");
    expect(message).not.toContain("origin-pass");
    const broken = await readModelFile(await file(`{"password": "hunter2"`)).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(broken).toMatch(/CLI_MODEL_INVALID/);
    expect(broken).not.toContain("hunter2");
    await expect(readModelFile(join(folder, "none.json"))).rejects.toThrow(/CLI_MODEL_FILE/);
  });
});
