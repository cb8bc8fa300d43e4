import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersOf, createScramUser, deleteScramUser, withBroker } from "@kafka-migration/sandbox/kafka";
import { type TestCluster, uniqueName } from "@kafka-migration/sandbox/testing";
import type { Acl } from "../../engine/kafka/port";
import type { MigrationModel } from "../../engine/model";
import { FakeMirror } from "../engine/gate/fake-mirror";
import { deleteBelow, withPorts } from "../engine/kafka/support";

/**
 * The real command against brokers that throttle it: reading takes as long as a test needs, and the moment in which
 * something happens to the reader is no matter of luck.
 */
const ports = withPorts("ending");
const user = uniqueName("slow");
const password = "slow-password";
const QUOTA = 300_000;
/** 5 MB a side: what the quota lets through at once, in its window of 10 s, is 3 MB. */
const [RECORDS, BYTES] = [100, 50_000];
let folder: string;
let model: string;
let topic: string;
let mirror: FakeMirror;

const allowed = (resourceType: Acl["resourceType"], resourceName: string, operation: string): Acl => ({
  resourceType,
  resourceName,
  patternType: "literal",
  principal: `User:${user}`,
  host: "*",
  operation,
  permission: "allow",
});
const acls = [allowed("topic", "*", "All"), allowed("group", "*", "All"), allowed("cluster", "kafka-cluster", "All")];

async function quota(cluster: TestCluster, value: number | undefined): Promise<void> {
  const entities = [{ entityType: "user" as const, entityName: user }];
  const op =
    value === undefined
      ? { key: "consumer_byte_rate" as const, remove: true as const }
      : { key: "consumer_byte_rate" as const, remove: false as const, value };
  await withBroker(cluster.connection, brokersOf(cluster.bootstrapServers)[0]!, (link, library) =>
    library.alterClientQuotasV1.api.async(link, [{ entities, ops: [op] }], false),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-ending-"));
  for (const side of ["origin", "target"] as const) {
    await createScramUser(ports.clusters[side], user, password);
    await ports[side].createAcls(acls);
    await quota(ports.clusters[side], QUOTA);
  }
  mirror = await FakeMirror.start(ports);
  topic = await mirror.topic("slow");
  for (let sent = 0; sent < RECORDS; sent += 10) {
    await mirror.send(
      topic,
      Array.from({ length: 10 }, (_, i) => ({ key: `k${sent + i}`, value: `${sent + i}`.padEnd(BYTES, "x") })),
    );
  }
  await mirror.copied(topic, RECORDS - 1);
  const sasl = { mechanism: "SCRAM-SHA-512" as const, username: user, password };
  const slow: MigrationModel = {
    ...mirror.model,
    origin: { ...mirror.model.origin, sasl },
    target: { ...mirror.model.target, sasl },
  };
  model = join(folder, "model.json");
  await writeFile(model, JSON.stringify(slow), { mode: 0o600 });
}, 300_000);

afterAll(async () => {
  for (const side of ["origin", "target"] as const) {
    await quota(ports.clusters[side], undefined);
    await ports[side].deleteAcls(acls);
    await deleteScramUser(ports.clusters[side], user);
  }
  await rm(folder, { recursive: true });
}, 60_000);

interface Ended {
  code: number | null;
  out: string;
  err: string;
  /** ms from the last line of the error stream to the end of the process. */
  lingered: number;
}

/** Runs the command as a process; `once` is called when this text is on its error stream. */
function start(argv: string[], text?: RegExp, once?: (child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [join(process.cwd(), "dist/cli/main.js"), ...argv, "--model", model], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seen = { out: "", err: "" };
  let saidAt = 0;
  let waiting = text !== undefined;
  child.stdout.on("data", (piece: Buffer) => (seen.out += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => {
    seen.err += piece.toString();
    saidAt = Date.now();
    if (!waiting || !text!.test(seen.err)) return;
    waiting = false;
    once!(child);
  });
  return new Promise((resolve) =>
    child.on("close", (code) => resolve({ code, ...seen, lingered: Date.now() - saidAt })),
  );
}

/** With a group in the midst of the topic. */
async function withGroup(work: (group: string) => Promise<void>): Promise<void> {
  const group = `${mirror.prefix}-group`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 40n, metadata: "" }]);
  await work(group).finally(() => ports.origin.deleteGroups([group]));
}

const THROTTLED = /(origin|target) throttles this client: waiting/;

describe("a client over its quota on both clusters", () => {
  it("verify and gate --wait take longer, show why, and finish", async () => {
    const [verify, gate] = await Promise.all([
      start(["verify", "--mode", "full"]),
      start(["gate", "--wait", "--stable", "0", "--limit", "200"]),
    ]);
    expect([verify.code, verify.out]).toEqual([0, expect.stringContaining("equal: 1 partition (full)")]);
    expect(verify.err).toMatch(THROTTLED);
    expect([gate.code, gate.out]).toEqual([0, expect.stringContaining("complete: 1 partition")]);
  }, 280_000);

  it("offsets reads what it needs, however slowly", async () => {
    await withGroup(async (group) => {
      const { code, out } = await start(["offsets"]);
      expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`${group} +${topic}-0 +40 +40 +exact`))]);
    });
  }, 200_000);

  it("gate --wait ends at its limit", async () => {
    // The quota of a record a minute: nothing that the gate reads comes through.
    await quota(ports.clusters.target, 10);
    const started = Date.now();
    const { code, err } = await start(["gate", "--wait", "--limit", "8"]);
    await quota(ports.clusters.target, QUOTA);
    expect(code).not.toBe(0);
    expect(err).toMatch(/GATE_INCOMPLETE|KAFKA_THROTTLED/);
    expect(Date.now() - started).toBeLessThan(40_000);
  }, 120_000);
});

describe("the process ends as soon as its command has ended", () => {
  const COMMANDS = [["verify", "--mode", "full"], ["gate", "--wait", "--stable", "0", "--limit", "200"], ["offsets"]];

  /** With a group in the midst of the topic. One batch, 500 kB, and the origin throttles for 6 s. */
  async function withSlowOrigin(work: () => Promise<void>): Promise<void> {
    await quota(ports.clusters.origin, 30_000);
    await withGroup(work).finally(() => quota(ports.clusters.origin, QUOTA));
  }

  it.each([...COMMANDS, ["status"], ["report", "--out", join(tmpdir(), "not-written")], ["doctor"]])(
    "%s: at the first Ctrl-C while one side throttles",
    async (...argv) => {
      await withSlowOrigin(async () => {
        let pressed = 0;
        const { code, err } = await start(argv, THROTTLED, (child) => {
          pressed = Date.now();
          child.kill("SIGINT");
        });
        expect([code, err]).toEqual([130, expect.stringContaining("INTERRUPTED")]);
        expect(Date.now() - pressed).toBeLessThan(5_000);
      });
    },
    120_000,
  );

  // Topics that this user may not see any more are as good as gone: the gate waits for them, up to its limit.
  const refused = [
    [COMMANDS[0]!, "target", /KAFKA_UNAUTHORIZED/, [3]],
    [["gate", "--wait", "--limit", "15"], "target", /KAFKA_UNAUTHORIZED|GATE_INCOMPLETE/, [1, 3]],
    [["offsets"], "origin", /KAFKA_UNAUTHORIZED/, [3]],
  ] as const;
  it.each(refused)(
    "%j: if the %s refuses while the origin throttles",
    async (argv, side, error, codes) => {
      const topics = acls[0]!;
      await withSlowOrigin(async () => {
        const { code, err, lingered } = await start([...argv], THROTTLED, () => void ports[side].deleteAcls([topics]));
        await ports[side].createAcls([topics]);
        expect([codes, err]).toEqual([expect.arrayContaining([code]), expect.stringMatching(error)]);
        expect(lingered).toBeLessThan(5_000);
      });
    },
    120_000,
  );

  it("if records are deleted on one side while the other is still read", async () => {
    const { code, err, lingered } = await start(
      ["verify", "--mode", "full"],
      THROTTLED,
      () => void deleteBelow(mirror.origin, topic, RECORDS),
    );
    expect([code, err]).toEqual([1, expect.stringContaining(`RECORDS_GONE: ${topic}-0 on the origin cluster`)]);
    expect(lingered).toBeLessThan(5_000);
  }, 120_000);
});
