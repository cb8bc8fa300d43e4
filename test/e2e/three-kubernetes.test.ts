import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectKube, type KubeObject, type Kubernetes, startKubernetes } from "@kafka-migration/sandbox/kubernetes";
import { type Operator, startOperator } from "@kafka-migration/sandbox/operator";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  type Project,
  registerCodecs,
  resumeGroup,
  type Settings,
  stopGroup,
  type Stopped,
} from "@kafka-migration/sandbox/story";
import { createTopic, merge, ownStack, produce, recordsIn, settingsFor, until, withSandbox } from "./support";

const MINUTES = 60_000;
const TOPICS = { group: "kafka.strimzi.io", version: "v1", plural: "kafkatopics", kind: "KafkaTopic" };

/** The sandbox's API server has the mirror alone; each cluster's operator works on one of its own. */
describe("a migration over three Kubernetes clusters, with the ready-made stack", () => {
  const at = withSandbox({ origin: { managed: false }, target: { managed: false } });
  const places = {} as Record<"origin" | "target", Kubernetes>;
  const operators: Operator[] = [];
  let project: Project;
  let stopped: Stopped;

  beforeAll(async () => {
    registerCodecs();
    for (const side of ["origin", "target"] as const) {
      const folder = join(at.sandbox.folder, `kubernetes-of-${side}`);
      await mkdir(folder);
      places[side] = await startKubernetes({ folder, progress: () => {} });
      await places[side].createNamespace(`${side}-ns`);
      const { bootstrapServers, ca, admin } = at.sandbox[side];
      const startWorker = () => Promise.reject(new Error("the mirror is not here"));
      operators.push(
        await startOperator({
          kubeconfig: places[side].kubeconfig,
          clusters: { [side]: { namespace: `${side}-ns`, bootstrapServers, ca, admin } },
          folder: join(folder, "operator"),
          startWorker,
          progress: () => {},
        }),
      );
    }
  }, 5 * MINUTES);
  afterAll(async () => {
    await Promise.all(operators.map((operator) => operator.stop()));
    await Promise.all(Object.values(places).map((place) => place.stop()));
  }, MINUTES);

  const kafkaTopics = async () => {
    const kube = await connectKube(places.target.kubeconfig);
    try {
      return (await kube.list(TOPICS, { namespace: "target-ns" })).items;
    } finally {
      kube.close();
    }
  };

  const objects = async () => ({
    origin: await kubernetesObjects(places.origin),
    target: await kubernetesObjects(places.target),
    mirror: await kubernetesObjects(at.sandbox),
  });

  test(
    "creates users beside their cluster, and copies of their Secrets beside the mirror",
    async () => {
      const { sandbox } = at;
      await createTopic(sandbox, "far-orders", 3);
      await createTopic(sandbox, "far-Odd_Name", 2, { "retention.ms": "86400000" });
      const origin = await connectKube(places.origin.kubeconfig);
      await origin.create(TOPICS, {
        metadata: { name: "odd", namespace: "origin-ns", labels: { "strimzi.io/cluster": "origin", team: "far" } },
        spec: { topicName: "far-Odd_Name", partitions: 2, replicas: 1 },
      });
      origin.close();
      await produce(sandbox, "far-orders", 300, { partitions: 3 });
      stopped = await stopGroup(applicationClient(sandbox.origin.connection, "tests"), {
        groupId: "far-billing",
        topic: "far-orders",
        at: 0.5,
      });
      project = await ownStack(sandbox, "far", {
        profile: "least",
        topics: "resources",
        origin: { kubeconfig: places.origin.kubeconfig },
        target: { kubeconfig: places.target.kubeconfig },
      });
      await project.up();
      const users = (side: string) =>
        ["mm2-administrator", "mm2-credentials"]
          .flatMap((name) => [`KafkaUser ${side}-ns/${name}`, `Secret ${side}-ns/${name}`])
          .sort();
      const found = await objects();
      expect(found.origin.sort()).toEqual(users("origin"));
      expect(found.target.sort()).toEqual(users("target"));
      expect(found.mirror.sort()).toEqual([
        "KafkaMirrorMaker2 migration/mirror-far",
        "Secret migration/origin-cluster-ca-cert",
        "Secret migration/origin-cluster-credentials",
        "Secret migration/target-cluster-ca-cert",
        "Secret migration/target-cluster-credentials",
      ]);
      const state = await project.exported();
      for (const { token } of [places.origin, places.target, sandbox.kubernetes!]) expect(state).not.toContain(token);
      await until(
        "the copy",
        () => recordsIn(sandbox.target, "far-orders"),
        (n) => n === 300,
      );
    },
    10 * MINUTES,
  );

  test(
    "applies a changed pattern over a manual change in one update, and the next preview shows no change",
    async () => {
      const kube = await connectKube(at.sandbox.kubeconfig);
      const MIRRORS = {
        group: "kafka.strimzi.io",
        version: "v1",
        plural: "kafkamirrormaker2s",
        kind: "KafkaMirrorMaker2",
      };
      const patternOf = (object: KubeObject | undefined) =>
        (object!.spec as { mirrors: [{ topicsPattern: string }] }).mirrors[0];
      const live = () => kube.get(MIRRORS, "migration", "mirror-far");
      try {
        const edited = (await live())!;
        patternOf(edited).topicsPattern = "far-.*,by-hand-.*";
        await kube.replace(MIRRORS, edited);
        await project.refresh();
        const mirror = merge(settingsFor(at.sandbox, "far").mirror as Settings, { topicsPattern: "far-.*,later-.*" });
        await project.set({ mirror });
        const { stdout: shown } = await project.preview({ diff: true });
        expect(shown).toMatch(/\d+ to update/);
        // Preflight looks again in the `up`, and the report tells what it finds; all else is known before.
        expect(shown.match(/^.*\[unknown\].*$/gm)?.filter((line) => !/ facts +: /.test(line)) ?? []).toEqual([]);
        expect((await project.up()).stdout).toMatch(/\d+ updated/);
        expect(patternOf(await live()).topicsPattern).toBe("far-.*,later-.*");
        const { stdout: idle } = await project.preview();
        expect(idle).toMatch(/\d+ unchanged/);
        expect(idle).not.toMatch(/\d+ to (create|update|delete|replace)/);
      } finally {
        kube.close();
      }
    },
    10 * MINUTES,
  );

  test(
    "is cut over, and destroyed without the program",
    async () => {
      const { sandbox } = at;
      await project.set({ phase: "cutover" });
      expect((await project.preview()).stdout).toContain(
        "topics: 2 migrated topics: 2 KafkaTopics to create in namespace target-ns, 0 already there",
      );
      await project.up();
      const owned = await kafkaTopics();
      expect(owned.map(({ metadata, spec }) => [metadata.name, metadata.labels, spec])).toEqual([
        [
          expect.stringMatching(/^far-odd-name---[0-9a-f]{40}$/),
          { "strimzi.io/cluster": "target", team: "far" },
          { topicName: "far-Odd_Name", partitions: 2, replicas: 3, config: { "retention.ms": 86400000 } },
        ],
        ["far-orders", { "strimzi.io/cluster": "target" }, { partitions: 3, replicas: 3 }],
      ]);
      expect(await resumeGroup(applicationClient(sandbox.target.connection, "tests"), stopped)).toEqual([]);
      // Without the setting, after a clean-up and a destroy, the topics still have their owner.
      const specs = async () => (await kafkaTopics()).map(({ metadata, spec }) => [metadata.uid, spec]);
      await project.set({ phase: "cleanup", topics: "none" });
      await project.up();
      expect(await specs()).toEqual(owned.map(({ metadata, spec }) => [metadata.uid, spec]));
      // A destroy does not run the program: the ways to all three are in the state.
      await writeFile(join(project.folder, "dist", "stacks", "migration.js"), "throw new Error('not run');\n");
      await project.destroy();
      expect(await specs()).toEqual(owned.map(({ metadata, spec }) => [metadata.uid, spec]));
      expect(await objects()).toEqual({ origin: [], target: [], mirror: [] });
      for (const side of ["origin", "target"] as const) {
        const { topics, principals } = await listEverything(sandbox[side]);
        expect([...topics.keys()].filter((name) => !name.startsWith("__")).sort()).toEqual([
          "far-Odd_Name",
          "far-orders",
        ]);
        expect(principals).toEqual([]);
      }
    },
    10 * MINUTES,
  );
});
