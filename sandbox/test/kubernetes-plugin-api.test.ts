import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { check, diff } from "../kubernetes-plugin/check";
import type { ApiClient } from "../kubernetes-plugin/client";
import { create } from "../kubernetes-plugin/create";
import { parseOptions } from "../kubernetes-plugin/options";
import { read, remove } from "../kubernetes-plugin/read";
import { InitFailedError, openSession, type Session } from "../kubernetes-plugin/session";
import { update } from "../kubernetes-plugin/update";
import type { PlainObject, Props } from "../kubernetes-plugin/values";
import { createAuthority } from "../tls";
import { withKubernetes } from "../testing/kubernetes";

/**
 * The plugin's operations against a real API server, in the order in which the engine calls them;
 * kubernetes-plugin.test.ts has the real engine.
 */
const kubernetes = withKubernetes();
let session: Session;
let client: ApiClient;
const told: string[] = [];

const NS = "plugin-api";
const USERS = `/apis/kafka.strimzi.io/v1beta2/namespaces/${NS}/kafkausers`;

const open = (options: Props = {}, cancelled = new AbortController().signal): Promise<Session> => {
  const messages = {
    log: (_: string, __: string, text: string) => void told.push(text),
    status: (_: string, text: string) => void told.push(text),
  };
  return openSession(parseOptions({ kubeconfig: kubernetes.api.kubeconfig, ...options }, {}), messages, cancelled);
};

beforeAll(async () => {
  session = await open();
  client = session.client;
  await kubernetes.api.createNamespace(NS);
});

interface Wanted {
  name: string;
  version?: string;
  labels?: object;
  annotations?: Record<string, string>;
  spec?: object;
}

const user = ({ name, version = "v1", labels = { l: "a" }, annotations, spec }: Wanted): Props =>
  JSON.parse(
    JSON.stringify({
      apiVersion: `kafka.strimzi.io/${version}`,
      kind: "KafkaUser",
      metadata: { name, namespace: NS, labels, annotations },
      spec: { authentication: { type: "scram-sha-512" }, ...spec },
    }),
  ) as Props;

const urn = (version = "v1") => `urn:pulumi:dev::kp::kubernetes:kafka.strimzi.io/${version}:KafkaUser::user`;
const inputsOf = async (wanted: Wanted) =>
  (await check(session, { urn: urn(wanted.version), news: user(wanted), olds: {}, randomSeed: new Uint8Array() }))
    .inputs;

async function make(
  wanted: Wanted,
  more: { preview?: boolean; timeout?: number; session?: Session } = {},
): Promise<Props> {
  const { preview = false, timeout = 0 } = more;
  return (
    await create(more.session ?? session, {
      urn: urn(wanted.version),
      properties: await inputsOf(wanted),
      timeout,
      preview,
    })
  ).properties;
}

async function change(
  olds: Props,
  wanted: Wanted,
  more: { preview?: boolean; timeout?: number; ignoreChanges?: string[] } = {},
): Promise<Props> {
  const { preview = false, timeout = 0, ignoreChanges = [] } = more;
  return update(session, {
    urn: urn(wanted.version),
    olds,
    news: await inputsOf(wanted),
    timeout,
    preview,
    ignoreChanges,
  });
}

const drop = (name: string, properties: Props, timeout = 0) =>
  remove(session, { urn: urn(), id: `${NS}/${name}`, properties, timeout });
const live = (name: string) => client.request("GET", `${USERS}/${name}`);
const metadata = (object: PlainObject) =>
  object["metadata"] as unknown as {
    uid: string;
    labels: object;
    managedFields: { manager: string; operation: string; subresource?: string }[];
  };
const merge = (path: string, body: object) =>
  client.request("PATCH", path, { body, contentType: "application/merge-patch+json" });
const failure = <T>(work: Promise<T>): Promise<Error> =>
  work.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error as Error,
  );

const byOther = (name: string, label: string) =>
  client.request("PATCH", `${USERS}/${name}`, {
    query: { fieldManager: "other-tool", force: "true" },
    contentType: "application/apply-patch+yaml",
    body: { apiVersion: "kafka.strimzi.io/v1beta2", kind: "KafkaUser", metadata: { labels: { l: label } } },
  });

describe("a preview on a real API server", () => {
  it("refuses a wrong value, a wrong type and a missing field like the server, and creates nothing", async () => {
    const preview = async (spec: object) => (await failure(make({ name: "dry", spec }, { preview: true }))).message;
    expect(await preview({ authentication: { type: "foo" } })).toMatch(
      /KafkaUser\.kafka\.strimzi\.io "dry" is invalid: spec\.authentication\.type: Unsupported value: "foo"/,
    );
    expect(await preview({ quotas: { producerByteRate: "x" } })).toMatch(
      /spec\.quotas\.producerByteRate: Invalid value: "string"/,
    );
    expect(await preview({ authorization: { type: "simple", acls: [{ operations: ["Read"] }] } })).toMatch(
      /acls\[0\]\.resource: Required value/,
    );
    expect(await make({ name: "dry" }, { preview: true })).not.toHaveProperty("status");
    expect((await failure(live("dry"))).message).toContain("not found");
  });

  it("passes if the name is taken, and the update then reports it", async () => {
    const state = await make({ name: "taken" });
    expect(await make({ name: "taken" }, { preview: true })).toEqual(await inputsOf({ name: "taken" }));
    expect((await failure(make({ name: "taken" }))).message).toContain(
      'kafkausers.kafka.strimzi.io "taken" already exists',
    );
    await drop("taken", state);
  });
});

describe("fields and managers on a real API server", () => {
  it("are created by a POST, then owned only by the manager of server-side apply", async () => {
    let state = await make({ name: "owned" });
    const owners = async () =>
      metadata(await live("owned")).managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
    expect(await owners()).toEqual(["pulumi-kubernetes Update"]);
    state = await change(state, { name: "owned", spec: { quotas: { producerByteRate: 1 } } });
    const manager = String(state["__fieldManager"]);
    expect(await owners()).toEqual([`${manager} Apply`]);
    // What the program no longer wants goes, also when the POST had set it.
    state = await change(state, { name: "owned", labels: {} });
    expect(await live("owned")).not.toHaveProperty("spec.quotas");
    expect(metadata(await live("owned")).labels).toBeUndefined();
    await drop("owned", state);
  });

  it("that the schema does not have are accepted on create and refused on update", async () => {
    const state = await make({ name: "odd", spec: { bogus: 1 } });
    expect(await live("odd")).not.toHaveProperty("spec.bogus");
    const error = await failure(change(state, { name: "odd", spec: { bogus: 1 }, labels: { l: "b" } }));
    expect(error.message).toContain(".spec.bogus: field not declared in schema");
    expect(error).toBeInstanceOf(InitFailedError);
    await drop("odd", state);
  });

  it("of another manager conflict, unless forced or ignored", async () => {
    let state = await change(await make({ name: "shared", version: "v1beta2" }), {
      name: "shared",
      version: "v1beta2",
      labels: { l: "b" },
    });
    await byOther("shared", "theirs");
    // Not seen without a refresh: the old state still has the old value.
    const unseen = await diff(session, {
      olds: state,
      news: await inputsOf({ name: "shared", version: "v1beta2", labels: { l: "b" } }),
      ignoreChanges: [],
    });
    expect(unseen.changes).toEqual([]);
    for (const preview of [true, false]) {
      const error = await failure(
        change(state, { name: "shared", version: "v1beta2", labels: { l: "c" } }, { preview }),
      );
      expect(error.message).toMatch(
        /Apply failed with 1 conflict: conflict with "other-tool".*: \.metadata\.labels\.l$/,
      );
      expect(error).toMatchObject({
        id: `${NS}/shared`,
        properties: { __inputs: { metadata: { labels: { l: "c" } } } },
      });
    }
    state = await change(
      state,
      { name: "shared", version: "v1beta2", labels: { l: "c" }, spec: { quotas: { producerByteRate: 1 } } },
      { ignoreChanges: ["metadata.labels.l"] },
    );
    expect(await live("shared")).toMatchObject({
      metadata: { labels: { l: "theirs" } },
      spec: { quotas: { producerByteRate: 1 } },
    });
    state = await change(state, {
      name: "shared",
      version: "v1beta2",
      labels: { l: "d" },
      annotations: { "pulumi.com/patchForce": "true" },
    });
    expect(metadata(await live("shared")).labels).toEqual({ l: "d" });
    await drop("shared", state);
  });

  it("move to another API version in place, as an alias asks", async () => {
    let state = await make({ name: "moved", version: "v1beta2" });
    const { uid } = metadata(await live("moved"));
    const { replaces, changes } = await diff(session, {
      olds: state,
      news: await inputsOf({ name: "moved" }),
      ignoreChanges: [],
    });
    expect(replaces).toEqual([]);
    expect(changes.map((one) => one.path)).toEqual([["apiVersion"]]);
    state = await change(state, { name: "moved" });
    expect(metadata(await live("moved")).uid).toBe(uid);
    expect(state).toMatchObject({ apiVersion: "kafka.strimzi.io/v1", __initialApiVersion: "kafka.strimzi.io/v1beta2" });
    await drop("moved", state);
  });
});

describe("waits on a real API server", () => {
  const WAIT = {
    "pulumi.com/waitFor": '["jsonpath={.status.secret}","condition=Ready"]',
    "pulumi.com/timeoutSeconds": "1",
  };
  const status = (name: string, observedGeneration: number, ready = "True") =>
    merge(`${USERS}/${name}/status`, {
      status: { observedGeneration, secret: name, conditions: [{ type: "Ready", status: ready }] },
    });

  it("reach the time limit, keep the object, and continue with the next update", async () => {
    const wanted = { name: "slow", annotations: WAIT };
    const late = (await failure(make(wanted))) as InitFailedError;
    expect(late.message).toMatch(
      /was successfully created, but .* failed to fully initialize or become live: timed out waiting for the condition$/,
    );
    expect(late.id).toBe(`${NS}/slow`);
    const again = await failure(change(late.properties, wanted));
    expect(again.message).toContain("timed out waiting for the condition");
    const [done] = await Promise.all([
      change(late.properties, wanted, { timeout: 30 }),
      delay(300).then(() => status("slow", 1)),
    ]);
    expect(done["status"]).toMatchObject({ secret: "slow" });
    // Reading never waits and clears what was reported.
    await status("slow", 1, "False");
    expect(
      (await read(session, { urn: urn(), id: `${NS}/slow`, inputs: await inputsOf(wanted), properties: done }))
        ?.properties["status"],
    ).toMatchObject({ conditions: [{ status: "False" }] });
    await drop("slow", done);
  });

  it("ignore a status that is older than the update", async () => {
    const wanted = { name: "stale", annotations: { ...WAIT, "pulumi.com/timeoutSeconds": "20" } };
    const [state] = await Promise.all([make(wanted), until("stale").then(() => status("stale", 1))]);
    const changed = { ...wanted, spec: { quotas: { producerByteRate: 1 } } };
    const stale = await failure(change(state, changed, { timeout: 1 }));
    expect(stale.message).toContain("timed out");
    const [done] = await Promise.all([change(state, changed), status("stale", 2)]);
    expect(done["status"]).toMatchObject({ observedGeneration: 2 });
    await drop("stale", done);
  });

  it("end immediately if Pulumi cancels", async () => {
    const cancel = new AbortController();
    const cancelled = await open({}, cancel.signal);
    const waiting = failure(
      make({ name: "cut", annotations: { ...WAIT, "pulumi.com/timeoutSeconds": "600" } }, { session: cancelled }),
    );
    // The object exists a moment before the plugin has the answer; a cancel then ends the request instead of the wait.
    await vi.waitFor(() => expect(told).toContainEqual(expect.stringMatching(/^cut: /)), { timeout: 20_000 });
    cancel.abort();
    const error = (await waiting) as InitFailedError;
    expect(error.message).toMatch(/context canceled$/);
    await drop("cut", error.properties);
  });

  it("for a deletion name the finalizers that keep the object", async () => {
    const state = await make({ name: "held" });
    await merge(`${USERS}/held`, { metadata: { finalizers: ["test/hold"] } });
    expect((await failure(drop("held", state, 1))).message).toBe("timed out waiting for the condition");
    expect(told).toContain("finalizers might be preventing deletion (test/hold)");
    const [gone] = await Promise.all([
      drop("held", state),
      delay(300).then(() => merge(`${USERS}/held`, { metadata: { finalizers: [] } })),
    ]);
    expect(gone).toBeUndefined();
    await drop("held", state);
  });

  const until = async (name: string): Promise<void> => {
    for (const end = Date.now() + 20_000; Date.now() < end; await delay(20))
      if (await live(name).catch(() => undefined)) return;
    throw new Error(`${name} was not made within 20 s`);
  };
});

describe("a session with a real API server", () => {
  it("is unreachable with a closed port, another token, another CA, a missing file, or another context", async () => {
    const text = await readFile(kubernetes.api.kubeconfig, "utf8");
    const stranger = Buffer.from((await createAuthority("stranger")).cert).toString("base64");
    for (const [options, reason] of [
      [{ kubeconfig: text.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1") }, /connection refused/],
      [{ kubeconfig: text.replace(/token: .*/, "token: wrong") }, /Unauthorized/],
      [
        { kubeconfig: text.replace(/certificate-authority-data: .*/, `certificate-authority-data: ${stranger}`) },
        /certificate|signature|verif/i,
      ],
      [{ kubeconfig: "/does/not/exist" }, /failed to parse kubeconfig/],
      [{ context: "nope" }, /context "nope" does not exist/],
    ] as [Props, RegExp][]) {
      const closed = await open(options);
      expect(closed.unreachable).toMatch(reason);
      expect((await failure(make({ name: "nowhere" }, { session: closed }))).message).toMatch(
        /^configured Kubernetes cluster is unreachable/,
      );
    }
    expect(session.unreachable).toBeUndefined();
  });

  it("names a kind that the server does not have, and lets a preview pass without it", async () => {
    const missing = {
      apiVersion: "kafka.strimzi.io/v9",
      kind: "KafkaUser",
      metadata: { name: "x", namespace: NS },
    } as unknown as Props;
    const request = { urn: urn("v9"), properties: missing, timeout: 0, preview: true };
    expect((await create(session, request)).properties).toEqual(missing);
    await expect(client.resource({ group: "kafka.strimzi.io", version: "v9", kind: "KafkaUser" })).rejects.toThrow(
      'no matches for kind "KafkaUser" in version "kafka.strimzi.io/v9"',
    );
  });
});
