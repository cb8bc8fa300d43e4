import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import type { Connection } from "../../engine/model";
import { internalTopics } from "../../engine/naming";
import { closingError } from "../../lifecycle/handlers/closing";
import { gateStep } from "../../lifecycle/handlers/gate";
import { internalTopicStep } from "../../lifecycle/handlers/internal-topics";
import { preflightStep } from "../../lifecycle/handlers/preflight";
import { forgetRenewed, renewable } from "../../lifecycle/kubernetes/renewed";
import { residueStep } from "../../lifecycle/handlers/residue";
import { MigrationError } from "../../engine/errors";
import { modelFor } from "../engine/support/mirror";
import { fakeApiServer, secretPath, secretWith } from "./support/api-server";
import { said } from "./support/said";

const clusters = withClusters();
const user = uniqueName("rotating");
const SECRET = secretPath("target-ns", user);
let port: KafkaPort;

beforeAll(async () => {
  port = await openKafka(clusters.target.connection, "target");
  const rule = {
    patternType: "literal",
    principal: `User:${user}`,
    host: "*",
    operation: "All",
    permission: "allow",
  } as const;
  await port.createAcls([
    { resourceType: "topic", resourceName: "*", ...rule },
    { resourceType: "group", resourceName: "*", ...rule },
    { resourceType: "cluster", resourceName: "kafka-cluster", ...rule },
  ]);
});
afterAll(async () => {
  await port.deleteAcls(await port.describeAcls({ principal: `User:${user}` }));
  await deleteScramUser(clusters.target, user);
  await port.close();
});

afterEach(forgetRenewed);

/** A state from before a rotation: its password is the old one, the Secret and the broker have the new one. */
async function stateAfterRotation(options: { secret?: object | null } = {}) {
  await createScramUser(clusters.target, user, "the-new-password");
  const { secret = secretWith({ password: "the-new-password" }) } = options;
  const api = await fakeApiServer(secret === null ? {} : { [SECRET]: secret });
  const { origin, target, mirror } = modelFor(clusters, user);
  const old: Connection = {
    ...target,
    sasl: { mechanism: "SCRAM-SHA-512", username: user, password: "the-old-password" },
  };
  const targetSecrets = { login: `target-ns/${user}`, kubeconfig: api.kubeconfig };
  return { api, state: { originConnection: origin, targetConnection: old, targetSecrets, mirror } };
}

describe("a destroy after the administrator's password was rotated", () => {
  test("reads the Secret again, logs in and finishes the deletion", async () => {
    const { api, state } = await stateAfterRotation();
    const topic = internalTopics(state.mirror).find((t) => t.kind === "status")!;
    await port.createTopic(topic.name, {
      partitions: 5,
      replicationFactor: 1,
      configs: { "cleanup.policy": "compact" },
    });
    const lines = await said(() => internalTopicStep.delete("id", { ...state, topic }));
    expect(await port.describeTopics([topic.name])).toEqual([]);
    expect(api.asked).toContain(SECRET);
    expect(lines).toContain(`Secret target-ns/${user}`);
    expect(lines).not.toMatch(/the-(old|new)-password/);
  });

  test("tries the old password once for all steps, and follows a second rotation", async () => {
    const { api, state } = await stateAfterRotation();
    const topics = internalTopics(state.mirror).filter((t) => t.side === "target" && t.kind !== "checkpoints");
    const remove = () =>
      said(async () => {
        for (const topic of topics) await internalTopicStep.delete("id", { ...state, topic });
      });
    expect((await remove()).match(/the login was refused/g)).toHaveLength(1);
    expect(api.asked.filter((path) => path === SECRET)).toHaveLength(1);
    await createScramUser(clusters.target, user, "the-newest-password");
    api.objects.set(SECRET, secretWith({ password: "the-newest-password" }));
    expect((await remove()).match(/the login was refused/g)).toHaveLength(1);
  });

  test("searches for residue with the new password, although a failed search is no error", async () => {
    const { state } = await stateAfterRotation();
    const lines = await said(() =>
      residueStep.delete("id", {
        ...state,
        phase: "mirror",
        when: "destroy",
        abandon: false,
        look: {},
        kubernetes: [],
      }),
    );
    expect(lines).toMatch(/none on either cluster/);
  });

  test.each([
    ["the Secret is gone", null],
    ["the Secret holds the old password", secretWith({ password: "the-old-password" })],
  ])("suggests an up instead of abandoning if %s", async (_what, secret) => {
    const { state } = await stateAfterRotation({ secret });
    const inputs = { ...state, phase: "mirror", abandon: false, fence: false, options: {}, passed: false };
    const error = await said(() => gateStep.delete("id", inputs)).catch((e: Error) => e.message);
    expect(error).toMatch(/KAFKA_AUTHENTICATION: .*target cluster/);
    expect(error).toMatch(/run `pulumi up` in the same phase, then run this again/);
    expect(error).not.toMatch(/abandon|the-(old|new)-password/);
  });
});

test("an update and a preview also read the Secret again", async () => {
  const { state } = await stateAfterRotation();
  const inputs = { ...state, phase: "mirror", stage: "clusters", abandon: false, options: {} };
  // Neither is refused: both get as far as the question whether anything is to be copied.
  const [failure] = (await preflightStep.check(undefined, inputs)).failures;
  expect(failure?.reason ?? "").not.toMatch(/KAFKA_AUTHENTICATION/);
  const error = await preflightStep.update("id", inputs, inputs).catch((e: Error) => e);
  expect(String(error)).not.toMatch(/KAFKA_AUTHENTICATION/);
});

test("the place of the connection's Secrets is no change, also if an older state does not have it", async () => {
  const { state } = await stateAfterRotation();
  const { targetSecrets: _new, ...old } = state;
  expect(await internalTopicStep.diff("id", old, state)).toEqual({ changes: false });
});

test.each([
  [
    "a client certificate",
    { tls: { ca: "CA", cert: "old", key: "old" } },
    { "user.crt": "new", "user.key": "new" },
    { tls: { ca: "CA", cert: "new", key: "new" } },
  ],
  [
    "a password",
    { sasl: { mechanism: "PLAIN", username: "u", password: "old" } },
    { password: "new" },
    { sasl: { mechanism: "PLAIN", username: "u", password: "new" } },
  ],
] as const)("%s that was renewed is read from the Secret", async (_what, old, values, renewed) => {
  const api = await fakeApiServer({ [secretPath("ns", "user")]: secretWith(values) });
  const connection = renewable({ bootstrapServers: "a:1", ...old } as Connection, {
    login: "ns/user",
    kubeconfig: api.kubeconfig,
  });
  expect(await connection.renew!()).toMatchObject({ bootstrapServers: "a:1", ...renewed });
});

test("a renewed CA is read from its Secret, and the program's login stays", async () => {
  const api = await fakeApiServer({ [secretPath("ns", "ca")]: secretWith({ "ca.crt": "new CA" }) });
  const connection = renewable(
    { bootstrapServers: "a:1", tls: { ca: "old CA" } },
    { ca: "ns/ca", kubeconfig: api.kubeconfig },
  );
  expect(await connection.renew!()).toMatchObject({ bootstrapServers: "a:1", tls: { ca: "new CA" } });
});

test("a refused login does not suggest abandoning the copy; a shut gate does", () => {
  const shut = new MigrationError("GATE_BLOCKED", "not copied", { fix: "wait" });
  expect((closingError(shut) as MigrationError).fix).toMatch(/abandon/);
  const refused = new MigrationError("KAFKA_AUTHENTICATION", "refused", { fix: "check" });
  expect(closingError(refused)).toBe(refused);
});
