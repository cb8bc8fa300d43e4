import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  abilityOf,
  estateGroups,
  estateTopics,
  estateUsers,
  labelsOf,
  type EstateUser,
  type Project,
  runStory,
  type Settings,
  type StoryResult,
} from "@kafka-migration/sandbox/story";
import { KubernetesRest } from "@kafka-migration/sandbox/kubernetes";
import { bindings } from "@kafka-migration/sandbox/testing";
import { openJavaWitness } from "@kafka-migration/sandbox/witness";
import { compareAccess } from "../../engine/access/parity";
import { parseInventory } from "../../engine/inventory";
import { aclText } from "../../engine/kafka/acl-text";
import { openKafka } from "../../engine/kafka/client";
import type { Acl } from "../../engine/kafka/port";
import type { Report } from "../../engine/report";
import { testMirror } from "../support/models";
import { quotasOn, withSandbox } from "./support";

const KEEP = [
  "telemetry.lz4",
  "telemetry.zstd",
  "telemetry.snappy",
  "telemetry.gzip",
  "billing.events",
  "search.events",
  "payments",
  "ledger.entries",
  "orders",
  "audit-trail",
  "sessions.expired",
  "customers.latest",
  "clicks",
  "reserved.1",
  "stuff-internal",
  "connect-cluster-offsets.archive",
];

/** A resource in Pulumi's state. */
interface Declared {
  type: string;
  inputs?: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; labels: Record<string, string> };
    spec: { [key: string]: unknown };
  };
}

describe("a migration from start to end, through the real command line", () => {
  const at = withSandbox();
  const topics = estateTopics().filter((t) => KEEP.includes(t.name));
  const groups = estateGroups().filter((g) => KEEP.includes(g.topic));
  const users = estateUsers();
  const probes = ["orders", "payments", "clicks", "billing.events", "telemetry.lz4", "ledger.entries"];
  const principalOf = ({ name, authentication }: EstateUser) =>
    `User:${authentication === "tls-external" ? "CN=" : ""}${name}`;
  let result: StoryResult;
  /** The file that the stack reads, and what the command that wrote it said. */
  let inventory = { text: "", output: "" };

  /** As docs/clients.md says: when the mirror runs, the inventory of the origin declares the users. */
  async function takeInventory({ folder, stack }: Project): Promise<Settings> {
    const args = ["inventory", "--stack", stack, "--out", "estate.yaml", "--seconds", "1"];
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(folder, "dist/cli/main.js"), ...args],
      { cwd: folder, env: at.sandbox.pulumi!.env },
    );
    inventory = { text: await readFile(join(folder, "estate.yaml"), "utf8"), output: stdout + stderr };
    // The brokers of the sandbox log in with a SCRAM user, which no operator made.
    return { inventory: "estate.yaml", clients: { exclude: [at.sandbox.origin.admin.username] } };
  }

  test("runs through every phase", async () => {
    result = await runStory({
      sandbox: at.sandbox,
      bulkBytes: 10_000_000,
      topics,
      groups,
      users,
      declareUsers: takeInventory,
      // From IBM Event Streams to Strimzi: the users of both sides have different API groups.
      eventStreams: true,
      previews: true,
      progress: (line) => at.log.push(line),
    });
  }, 900_000);

  test("brings every topic to the target", () => {
    expect(result.topicsMissing).toEqual([]);
    expect(result.topicsMigrated).toBe(topics.length);
  });

  test("moves a wave first: its group while its producers still write, then its topic while others write", () => {
    const { waves } = JSON.parse(result.reports[1]!.json) as Report;
    expect(waves).toMatchObject([{ wave: "orders", state: "cut over", groupsMovedBefore: 1, tone: "good" }, {}]);
    expect(result.outputs["summary"]).toMatchObject({ waves: { orders: { phase: "cutover" } } });
  });

  test("lets every group continue with exactly the record after its last one", () => {
    expect(result.mismatches).toEqual([]);
    expect(result.groups).toBe(groups.length);
    expect(result.partitionsResumed).toBeGreaterThan(40);
  });

  test("sets the replication factor", () => {
    // Before the cutover of the rest: the wave's topic already has its replicas.
    expect(result.replicationBefore).toEqual({ "1": topics.length - 1, "3": 1 });
    expect(result.replicationAfter).toEqual({ "3": topics.length });
  });

  test("leaves nothing behind on the clusters and in Kubernetes", () => {
    expect(result.residue).toEqual([]);
  });

  test("shows before the cutover which replicas will change, and how many bytes that copies", () => {
    expect(result.cutoverPreview).toMatch(/replication: \d+ partitions of \d+ topics will change, .*B to copy/);
  });

  test("shows what it is going to delete, and what the gate found", () => {
    expect(result.destroyPreview).toContain("InternalTopic");
    expect(result.destroyPreview).toContain("migration-connect-cluster-offsets");
    expect(at.log.some((line) => line.includes("gate: "))).toBe(true);
    expect(result.outputs["passedAt"]).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test("changes nothing in a second up", () => {
    expect(result.idlePreview).toMatch(/\d+ unchanged/);
    expect(result.idlePreview).not.toMatch(/\d+ to (create|update|delete|replace)/);
  });

  test("writes the report in every phase and after the destroy", () => {
    const reports = result.reports.map(({ json }) => JSON.parse(json) as Report);
    expect(reports.map((r) => r.phase)).toEqual(["mirror", "cutover", "cleanup", "destroy"]);
    const [copying, cutOver, cleanedUp, destroyed] = reports as [Report, Report, Report, Report];
    const names = topics.map((t) => t.name).sort();
    for (const [i, { html }] of result.reports.entries()) {
      expect(reports[i]!.topics.map((t) => t.topic).sort()).toEqual(names);
      for (const name of names) expect(html).toContain(`>${name}<`);
      expect(html).toContain(reports[i]!.headline.text);
    }
    expect(copying).toMatchObject({ headline: { tone: "waiting" }, residue: null });
    expect(copying.topics.every((t) => /complete/.test(t.proof))).toBe(true);
    expect(cutOver.headline).toEqual({
      tone: "good",
      text: "Cut over: the copy is complete and the offsets of the groups are written",
    });
    for (const one of [cutOver, cleanedUp, destroyed]) {
      expect(one.topics.filter((t) => t.tone !== "good" || !/equal/.test(t.proof))).toEqual([]);
      expect(one.groups.map((g) => g.group).sort()).toEqual(groups.map((g) => g.groupId).sort());
      expect(one.groups.filter((g) => g.tone !== "good" || !/written and read back/.test(g.proof))).toEqual([]);
      expect(one.timeline.map((e) => e.what).join("\n")).toMatch(
        /Preflight[^]*Gate passed[^]*Verified[^]*Offsets[^]*Replication/,
      );
    }
    // The looks of all reports are the curve; it ends complete.
    expect(cutOver.progress.length).toBeGreaterThan(2);
    expect(cutOver.progress.at(-1)).toMatchObject({ left: 0, complete: cutOver.progress.at(-1)!.partitions });
    expect(cutOver.residue).toBeNull();
    expect(cleanedUp).toMatchObject({ residue: [], headline: { tone: "good", text: "Cleaned up: no residue" } });
    expect(destroyed).toMatchObject({ residue: [], headline: { tone: "good", text: "Destroyed: no residue" } });
    expect(destroyed.timeline.at(-1)!.what).toMatch(
      /^Destroyed; searched for residue on both clusters and for 9 objects in Kubernetes: none$/,
    );
    expect(result.outputs["report"]).toBe(join(at.sandbox.folder, "report", "migration-sandbox.html"));
  });

  test("keeps every secret value out of state, output, logs and reports", () => {
    // Four users' passwords and JAAS lines and two copies, in base64 and plain; the API server's token; two
    // administrators.
    expect(result.secrets.length).toBeGreaterThanOrEqual(23);
    const states = result.states.join("\n");
    const log = at.log.join("\n");
    for (const secret of result.secrets) {
      expect(secret.length).toBeGreaterThan(8);
      for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)])) {
        expect(states.includes(form)).toBe(false);
        expect(log.includes(form)).toBe(false);
        expect(inventory.text.includes(form) || inventory.output.includes(form)).toBe(false);
        expect(result.reports.some(({ json, html }) => json.includes(form) || html.includes(form))).toBe(false);
      }
    }
  });

  test("takes an inventory of the origin that says of each user that it moves", () => {
    const found = parseInventory(inventory.text);
    expect(found.unread).toEqual([]);
    const kinds = found.users.map(({ name, moves }) => [name, moves] as const);
    expect(kinds).toEqual(expect.arrayContaining(users.map(({ name }) => [name, "yes"])));
    const others = kinds.filter(([name]) => !users.some((user) => user.name === name));
    expect(Object.fromEntries(others)).toEqual({
      [at.sandbox.origin.admin.username]: "yes",
      "mm2-administrator": "no",
      "mm2-credentials": "no",
    });
    expect(found.topics.map(({ name }) => name)).toEqual(expect.arrayContaining(topics.map(({ name }) => name)));
  });

  test("writes them as KafkaUsers of Strimzi, which the API server accepts strictly, with their own labels", async () => {
    const { server, token, ca } = at.sandbox.kubernetes!;
    const rest = new KubernetesRest(server, token, ca);
    const { resources } = JSON.parse(result.states[1]!).deployment as { resources: Declared[] };
    const texts = resources
      .filter(({ type }) => type === "kubernetes:kafka.strimzi.io/v1:KafkaUser")
      .map(({ inputs }) => inputs!)
      .filter(({ metadata }) => users.some(({ name }) => name === metadata.name));
    expect(texts).toHaveLength(users.length);
    for (const { apiVersion, kind, metadata, spec } of texts) {
      const name = `${metadata.name}-again`;
      const path = `/apis/${apiVersion}/namespaces/target-ns/kafkausers?fieldValidation=Strict&dryRun=All`;
      const { status, body } = await rest.call("POST", path, {
        apiVersion,
        kind,
        metadata: { ...metadata, name },
        spec,
      });
      expect([name, status, (body as { message?: string }).message]).toEqual([name, 201, undefined]);
      const user = users.find((one) => one.name === metadata.name)!;
      expect(metadata.labels).toEqual({ ...labelsOf(user), "strimzi.io/cluster": "target" });
    }
    rest.close();
  });

  test("leaves the users of applications, who log in with their old passwords and may do what they could", async () => {
    const probe = async (side: "origin" | "target", user: EstateUser) =>
      abilityOf(at.sandbox[side], user, result.passwords.get(user.name)!, probes);
    const scram = users.filter((user) => result.passwords.has(user.name));
    expect([users.length, scram.length]).toEqual([20, 16]);
    const differences = await Promise.all(
      scram.map(async (user) => {
        const [there, here] = await Promise.all([probe("origin", user), probe("target", user)]);
        return JSON.stringify(there) === JSON.stringify(here) ? [] : [{ there, here }];
      }),
    );
    expect(differences.flat()).toEqual([]);
    for (const user of users) {
      const principal = principalOf(user);
      expect(await bindings(at.sandbox.target, principal), principal).toEqual(
        await bindings(at.sandbox.origin, principal),
      );
    }
  });

  test("lets Kafka's own client log in as each user, do what it could do, and be throttled by the same quotas", async () => {
    const { sandbox } = at;
    const java = await openJavaWitness(sandbox.supervisor, sandbox.parts, join(sandbox.folder, "java"));
    const logins = users.flatMap(({ name, acls }) => {
      const password = result.passwords.get(name);
      const own = acls.find(({ resource }) => resource === "transactionalId");
      const transactionalId = own && (own.pattern === "prefixed" ? `${own.name}2` : own.name);
      return password === undefined ? [] : [{ user: name, password, ...(transactionalId ? { transactionalId } : {}) }];
    });
    const [there, here] = await Promise.all(
      (["origin", "target"] as const).map((side) => java.abilities(sandbox[side].connection, logins, probes)),
    );
    // Only this user's quotas are certainly exceeded.
    const withoutPace = (all: typeof here) => all!.map(({ slowWrites: _w, slowReads: _r, ...ability }) => ability);
    expect(withoutPace(here)).toEqual(withoutPace(there));
    for (const found of [there, here])
      expect(found!.find(({ user }) => user === "ledger")).toMatchObject({ slowWrites: true, slowReads: true });
    expect(here!.find(({ user }) => user === "audit")).toMatchObject({
      reads: ["orders", "clicks", "billing.events", "telemetry.lz4", "ledger.entries"],
      writes: [],
    });
    expect(here!.find(({ user }) => user === "payments-api")).toMatchObject({
      transactions: true,
      writes: ["payments"],
    });
  }, 120_000);

  test("has a check of access that names each ACL of these users when it is removed from the target", async () => {
    const [origin, target] = await Promise.all(
      (["origin", "target"] as const).map(async (side) => {
        const port = await openKafka(at.sandbox[side].connection, side);
        return Promise.all([port.describeAcls(), port.listTopics()]).finally(() => port.close());
      }),
    );
    const principals = users.map((user) => principalOf(user));
    const ours = ([acls]: typeof origin & {}) => acls.filter(({ principal }) => principals.includes(principal));
    const existing = { topics: origin![1], groups: groups.map(({ groupId }) => groupId), transactionalIds: [] };
    const compare = (acls: readonly Acl[]) =>
      compareAccess({ origin: { acls: ours(origin!) }, target: { acls } }, existing, testMirror());
    const all = ours(target!);
    expect(all.length).toBeGreaterThan(40);
    expect(compare(all)).toMatchObject({ differences: [], notes: [] });
    for (const removed of all) {
      const { differences, notes } = compare(all.filter((acl) => acl !== removed));
      const lines = [...differences.map(({ text }) => text), ...notes];
      expect(lines.length, aclText(removed)).toBeGreaterThan(0);
      for (const line of lines) expect(line).toContain(aclText(removed));
    }
  });

  test("leaves the quotas of the users of applications", async () => {
    const expected = await quotasOn(at.sandbox.origin);
    expect(Object.keys(expected)).toHaveLength(users.filter(({ quotas }) => quotas !== undefined).length);
    expect(await quotasOn(at.sandbox.target)).toEqual(expected);
  });
});
