import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createScramUser, setQuotas } from "@kafka-migration/sandbox/kafka";
import { connectKube, SECRETS } from "@kafka-migration/sandbox/kubernetes";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  type Project,
  registerCodecs,
  resumeGroup,
  stopGroup,
  type Stopped,
} from "@kafka-migration/sandbox/story";
import { bindings, canLogIn } from "@kafka-migration/sandbox/testing";
import { aclBindings, type AclRule } from "../../engine/acls";
import { fetchBytesOf, quotaOf } from "../../engine/copy-throttle";
import { openKafka } from "../../engine/kafka/client";
import { administratorAcls, leastAcls, mirrorModelOf } from "../../index";
import { createTopic, ownStack, produce, quotasOn, recordsIn, settingsFor, until, withSandbox } from "./support";

const MINUTES = 60_000;
const PREFIX = "bare";
/** Bytes per second of the mirror in phase mirror. The target has three brokers. */
const RATE = 3_000_000;

/** The ready-made stack, by configuration alone: no operator looks after either cluster's users. */
describe("users created by the stack through Kafka on the origin, and given users on the target", () => {
  const at = withSandbox({ origin: { managed: false }, target: { managed: false } });
  const passwords = { mirror: "the-given-mirrors-password", administrator: "the-given-administrators-password" };
  let project: Project;
  let stopped: Stopped;

  /** What the stack will configure, for the rights of those who are given. */
  const model = () => {
    const { target, mirror } = settingsFor(at.sandbox, PREFIX) as {
      target: Record<string, never>;
      mirror: Record<string, never>;
    };
    return mirrorModelOf({
      profile: "least",
      topicsPattern: mirror.topicsPattern,
      groupsPattern: mirror.groupsPattern,
      replicationFactor: 1,
      target: { ...names(target), brokers: 3 },
    });
  };
  const names = ({ groupId, offsetStorageTopic, configStorageTopic, statusStorageTopic }: Record<string, never>) => ({
    groupId,
    offsetStorageTopic,
    configStorageTopic,
    statusStorageTopic,
  });

  async function grant(user: string, rules: readonly AclRule[]): Promise<void> {
    const port = await openKafka(at.sandbox.target.connection, "target");
    await port.createAcls(aclBindings(rules, `User:${user}`)).finally(() => port.close());
  }

  const secretKeys = async () => {
    const kube = await connectKube(at.sandbox.kubeconfig);
    try {
      return Object.fromEntries(
        (await kube.list(SECRETS, { namespace: "migration" })).items.map((s) => [
          s.metadata.name,
          Object.keys(s.data ?? {}).sort(),
        ]),
      );
    } finally {
      kube.close();
    }
  };

  test(
    "the up stops before there is a mirror if the given user lacks a right",
    async () => {
      registerCodecs();
      const { sandbox } = at;
      await createTopic(sandbox, "bare-orders", 3);
      await createTopic(sandbox, "bare-empty");
      await produce(sandbox, "bare-orders", 600, { partitions: 3 });
      stopped = await stopGroup(applicationClient(sandbox.origin.connection, "tests"), {
        groupId: "bare-billing",
        topic: "bare-orders",
        at: 0.4,
      });

      await createScramUser(sandbox.target, "given-mirror", passwords.mirror);
      await createScramUser(sandbox.target, "given-administrator", passwords.administrator);
      await grant("given-administrator", administratorAcls("target", model()));
      await grant(
        "given-mirror",
        leastAcls("target", model()).filter((rule) => rule.resource.type !== "group"),
      );

      const base = settingsFor(sandbox, PREFIX);
      project = await ownStack(sandbox, PREFIX, { profile: "least", fence: true });
      // Files beside Pulumi.yaml, named from there.
      for (const side of ["origin", "target"] as const)
        await writeFile(join(project.folder, `${side}.pem`), sandbox[side].ca);
      await copyFile(sandbox.kubeconfig, join(project.folder, "kubeconfig"));
      await project.set(
        {
          mirror: { ...(base["mirror"] as object), kubeconfig: "kubeconfig", throttleBytesPerSecond: RATE },
          origin: {
            bootstrapServers: sandbox.origin.bootstrapServers,
            brokers: 1,
            users: "kafka",
            caFile: "origin.pem",
            administrator: { username: sandbox.origin.admin.username },
          },
          target: {
            ...names(base["target"] as Record<string, never>),
            bootstrapServers: sandbox.target.bootstrapServers,
            brokers: 3,
            users: "given",
            caFile: "target.pem",
            username: "given-mirror",
            administrator: { username: "given-administrator" },
          },
        },
        {
          originAdministratorPassword: sandbox.origin.admin.password,
          targetPassword: passwords.mirror,
          targetAdministratorPassword: passwords.administrator,
        },
      );
      await setQuotas(sandbox.target, { user: "given-mirror" }, { producer_byte_rate: 12_345 });
      const refused = await project.up({ mayFail: true });
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stdout + refused.stderr).toMatch(
        /QUOTA_TAKEN[^\n]*User:given-mirror[^\n]*on the target[^\n]*producer_byte_rate 12345/,
      );
      expect(await quotasOn(sandbox.target)).toEqual({ "given-mirror": { producer_byte_rate: 12_345 } });
      await setQuotas(sandbox.target, { user: "given-mirror" }, { producer_byte_rate: null });
      const result = await project.up({ mayFail: true });
      const said = result.stdout + result.stderr;
      expect(result.exitCode, said).not.toBe(0);
      expect(said).toMatch(/given-mirror[^\n]*Read[^\n]*group "?mirror-bare/);
      expect([await quotasOn(sandbox.origin), await quotasOn(sandbox.target)]).toEqual([{}, {}]);
      expect((await kubernetesObjects(sandbox)).filter((o) => o.startsWith("Kafka"))).toEqual([]);
      expect(
        [...(await listEverything(sandbox.target)).topics.keys()].filter((name) => !name.startsWith("__")),
      ).toEqual([]);
    },
    10 * MINUTES,
  );

  test(
    "the mirror runs once the right is granted, with the least rights on the origin",
    async () => {
      const { sandbox } = at;
      await grant("given-mirror", leastAcls("target", model()));
      const before = (await listEverything(sandbox.target)).principals.sort();
      await project.up();
      expect(await quotasOn(sandbox.origin)).toEqual({
        "mm2-credentials": { consumer_byte_rate: quotaOf("origin", RATE, fetchBytesOf(RATE, 1)) },
      });
      expect(await quotasOn(sandbox.target)).toEqual({
        "given-mirror": { producer_byte_rate: quotaOf("target", RATE / 3, 0) },
      });
      const made = await bindings(sandbox.origin, "User:mm2-credentials");
      expect(made).toHaveLength(aclBindings(leastAcls("origin", model()), "").length);
      expect((await listEverything(sandbox.target)).principals.sort()).toEqual(before);
      expect((await kubernetesObjects(sandbox)).filter((o) => o.startsWith("KafkaUser"))).toEqual([]);
      expect(await secretKeys()).toEqual({
        "origin-cluster-ca-cert": ["ca.crt"],
        "origin-cluster-credentials": ["password"],
        "target-cluster-ca-cert": ["ca.crt"],
        "target-cluster-credentials": ["password"],
      });
      await until(
        "the copy",
        () => recordsIn(sandbox.target, "bare-orders"),
        (n) => n === 600,
      );
      const state = await project.exported();
      for (const secret of [...Object.values(passwords), sandbox.origin.admin.password])
        expect(state).not.toContain(secret);
      expect((await project.preview()).stdout).not.toMatch(/\d+ to (create|update|delete|replace)/);
    },
    10 * MINUTES,
  );

  test(
    "the cutover is exact, with the origin fenced off",
    async () => {
      const { sandbox } = at;
      await project.set({ phase: "cutover" });
      await project.up();
      expect([await quotasOn(sandbox.origin), await quotasOn(sandbox.target)]).toEqual([{}, {}]);
      const { summary } = (await project.outputs()) as {
        summary: { verification: { equal: boolean }; offsets: { written: number } };
      };
      expect(summary.verification.equal).toBe(true);
      expect(summary.offsets.written).toBe(3);
      expect((await listEverything(sandbox.origin)).principals).toContain("User:*");
      expect(await resumeGroup(applicationClient(sandbox.target.connection, "tests"), stopped)).toEqual([]);
      expect((await listEverything(sandbox.target)).topics.get("bare-orders")).toEqual({
        partitions: 3,
        replicas: [3],
      });
    },
    10 * MINUTES,
  );

  test(
    "nothing is left but the migrated topics, and the given users are unchanged",
    async () => {
      const { sandbox } = at;
      const given = await bindings(sandbox.target, "User:given-mirror");
      await project.set({ phase: "cleanup" });
      await project.up();
      await project.destroy();
      expect(await kubernetesObjects(sandbox)).toEqual([]);
      for (const side of ["origin", "target"] as const) {
        const { topics } = await listEverything(sandbox[side]);
        expect([...topics.keys()].filter((name) => !name.startsWith("__")).sort()).toEqual([
          "bare-empty",
          "bare-orders",
        ]);
      }
      expect((await listEverything(sandbox.origin)).principals).toEqual([]);
      expect(await bindings(sandbox.target, "User:given-mirror")).toEqual(given);
      expect(given.length).toBeGreaterThan(0);
      expect(await canLogIn(sandbox.target, "given-mirror", passwords.mirror)).toBe(true);
      expect((await listEverything(sandbox.target)).groups).toEqual(["bare-billing"]);
    },
    10 * MINUTES,
  );
});
