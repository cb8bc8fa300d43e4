import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check, diff } from "../../sandbox/kubernetes-plugin/check";
import { create } from "../../sandbox/kubernetes-plugin/create";
import { parseOptions } from "../../sandbox/kubernetes-plugin/options";
import { read, remove } from "../../sandbox/kubernetes-plugin/read";
import { InitFailedError, openSession, type Session } from "../../sandbox/kubernetes-plugin/session";
import { update } from "../../sandbox/kubernetes-plugin/update";
import { Secret, Unknown, type Props } from "../../sandbox/kubernetes-plugin/values";

/** Requests and answers only: what a real API server makes of them is proved in kubernetes-plugin.test.ts. */
interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  type: string;
  body: Record<string, never>;
}
type Answer = { code?: number; body?: object; headers?: Record<string, string>; stream?: (response: ServerResponse) => void };

let server: Server;
let seen: Seen[];
let answers: Record<string, (request: Seen) => Answer>;
let cancel: AbortController;
let told: string[];
let session: Session;

const USERS = "/apis/kafka.strimzi.io/v1/namespaces/ns/kafkausers";
const URN = "urn:pulumi:dev::kp::kubernetes:kafka.strimzi.io/v1:KafkaUser::user";
const SECRET_URN = "urn:pulumi:dev::kp::kubernetes:core/v1:Secret::secret";
const inputs = (annotations: Record<string, string> = {}, spec: object = {}): Props =>
  ({ apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", metadata: { name: "mm2", namespace: "ns", annotations }, spec }) as unknown as Props;
const live = (annotations: Record<string, string> = {}, more: object = {}): Record<string, never> =>
  ({ ...inputs(annotations), metadata: { name: "mm2", namespace: "ns", annotations, generation: 1, resourceVersion: "7" }, ...more }) as unknown as Record<string, never>;
const failed = (code: number, reason: string, message: string, details: object = {}): Answer => ({ code, body: { kind: "Status", code, reason, message, details } });
const calls = (method: string) => seen.filter((request) => request.method === method && !request.path.endsWith("/v1"));

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "", "http://x");
  const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, never>;
  const query = Object.fromEntries(url.searchParams);
  const one: Seen = { method: request.method ?? "", path: url.pathname, query, type: request.headers["content-type"] ?? "", body };
  seen.push(one);
  const key = `${query["watch"] ? "WATCH" : one.method} ${one.path}`;
  const answer = answers[key]?.(one) ?? failed(404, "NotFound", `no answer for ${key}`);
  response.writeHead(answer.code ?? 200, { "content-type": "application/json", ...answer.headers });
  if (answer.stream) answer.stream(response);
  else response.end(JSON.stringify(answer.body ?? {}));
}

beforeEach(async () => {
  seen = [];
  told = [];
  cancel = new AbortController();
  answers = {
    "GET /api/v1": () => ({ body: { resources: [{ kind: "Secret", name: "secrets", namespaced: true }, { kind: "Namespace", name: "namespaces", namespaced: false }] } }),
    "GET /apis/kafka.strimzi.io/v1": () => ({ body: { resources: [{ kind: "KafkaUser", name: "kafkausers", namespaced: true }, { kind: "KafkaUser", name: "kafkausers/status", namespaced: true }] } }),
  };
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  session = await open();
});

afterEach(async () => {
  cancel.abort();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(port = (server.address() as AddressInfo).port): Promise<Session> {
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
  const messages = { log: (_: string, urn: string, text: string) => void told.push(`${urn}: ${text}`), status: (_: string, text: string) => void told.push(text) };
  return openSession(parseOptions({ kubeconfig }, {}), messages, cancel.signal);
}

const createUser = (properties: Props, preview = false, timeout = 0) => create(session, { urn: URN, properties, timeout, preview });

describe("create", () => {
  it("is a POST by pulumi-kubernetes, and keeps a manager of its own for later", async () => {
    answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body: { ...body, status: { x: 1 } } });
    const { id, properties } = await createUser(inputs());
    expect(id).toBe("ns/mm2");
    expect(calls("POST")).toMatchObject([{ path: USERS, query: { fieldManager: "pulumi-kubernetes" }, body: { metadata: { name: "mm2" } } }]);
    expect(properties["__fieldManager"]).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(properties["__initialApiVersion"]).toBe("kafka.strimzi.io/v1");
    expect(properties["__inputs"]).toEqual(inputs());
  });

  it("at preview asks the server for a dry run, and takes its refusal for one", async () => {
    answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body: { ...body, status: {} } });
    const preview = await createUser(inputs(), true);
    expect(calls("POST")[0]?.query).toEqual({ fieldManager: "pulumi-kubernetes", dryRun: "All" });
    expect(preview.id).toBe("");
    expect(preview.properties).not.toHaveProperty("status");
    answers[`POST ${USERS}`] = () => failed(422, "Invalid", 'spec.x: Unsupported value: "y"');
    await expect(createUser(inputs(), true)).rejects.toThrow(`resource "${URN}" was not successfully created by the Kubernetes API server: spec.x: Unsupported value: "y"`);
  });

  it.each([
    ["already exists", () => failed(409, "AlreadyExists", "kafkausers x already exists")],
    ["is forbidden", () => failed(403, "Forbidden", "no")],
    ["has no namespace yet", () => failed(404, "NotFound", 'namespaces "ns" not found', { kind: "namespaces" })],
  ])("at preview goes on when the object %s", async (_, answer) => {
    answers[`POST ${USERS}`] = answer;
    expect(await createUser(inputs(), true)).toEqual({ id: "", properties: inputs() });
  });

  it("at preview asks nothing while something is unknown, or the kind is not served", async () => {
    await createUser(inputs({}, { a: new Unknown("u") }), true);
    answers["GET /apis/kafka.strimzi.io/v1"] = () => ({ body: { resources: [] } });
    session = await open();
    await createUser(inputs(), true);
    expect(calls("POST")).toEqual([]);
  });

  it("tries again while the namespace is missing, and while the server is getting ready", async () => {
    let tries = 0;
    answers[`POST ${USERS}`] = ({ body }) => {
      tries++;
      if (tries === 1) return failed(404, "NotFound", 'namespaces "ns" not found', { kind: "namespaces" });
      if (tries === 2) return { ...failed(429, "TooManyRequests", "storage is (re)initializing"), headers: { "retry-after": "0" } };
      return { code: 201, body };
    };
    expect((await createUser(inputs())).id).toBe("ns/mm2");
    expect(tries).toBe(3);
    expect(told[0]).toContain('namespaces "ns" not found');
  });

  it("that cannot reach the server fails, while its preview passes", async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    server.closeAllConnections();
    session = await open(port);
    expect(session.unreachable).toContain("connection refused");
    expect(await createUser(inputs(), true)).toEqual({ id: "", properties: inputs() });
    await expect(createUser(inputs())).rejects.toThrow(/configured Kubernetes cluster is unreachable: unable to load schema information.*connection refused/);
  });
});

describe("waiting", () => {
  const WAIT = { "pulumi.com/waitFor": "condition=Ready" };
  const ready = { status: { conditions: [{ type: "Ready", status: "True" }], observedGeneration: 1 } };
  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

  it("lists and watches until the condition holds, and lists again when a watch ends", async () => {
    let watches = 0;
    answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    answers[`GET ${USERS}`] = () => ({ body: { kind: "KafkaUserList", apiVersion: "kafka.strimzi.io/v1", metadata: { resourceVersion: "9" }, items: [live(WAIT)] } });
    answers[`WATCH ${USERS}`] = () => ({
      stream: (response) => {
        watches++;
        if (watches === 1) return void response.end(event("ERROR", { kind: "Status", code: 410 }));
        response.write(event("MODIFIED", { ...live(WAIT, ready), metadata: { name: "other", namespace: "ns" } }));
        const text = event("MODIFIED", live(WAIT, ready));
        response.write(text.slice(0, 20));
        response.write(text.slice(20));
      },
    });
    const { properties } = await createUser(inputs(WAIT));
    expect(properties["status"]).toEqual(ready.status);
    expect(watches).toBe(2);
    expect(seen.find((request) => request.query["watch"])?.query["resourceVersion"]).toBe("9");
    expect(told.join("\n")).toContain("no status.conditions yet");
  });

  it("that runs out keeps the object, with the reason", async () => {
    answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    answers[`GET ${USERS}`] = () => ({ body: { items: [live(WAIT, { status: { a: 1 } })] } });
    answers[`WATCH ${USERS}`] = () => ({ stream: () => undefined });
    const error = await createUser(inputs(WAIT), false, 1).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect(error).toMatchObject({ id: "ns/mm2", properties: { status: { a: 1 } } });
    expect((error as Error).message).toBe(
      `resource "${URN}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: timed out waiting for the condition`,
    );
  });

  it("ends when Pulumi cancels, with the object kept", async () => {
    answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    answers[`GET ${USERS}`] = () => ({ body: { items: [live(WAIT)] } });
    answers[`WATCH ${USERS}`] = () => ({ stream: () => setImmediate(() => cancel.abort()) });
    const error = await createUser(inputs(WAIT)).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toMatch(/context canceled$/);
  });

  it("is left out by skipAwait, and a misspelt one loses the object", async () => {
    answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body });
    expect((await createUser(inputs({ ...WAIT, "pulumi.com/skipAwait": "true" }))).id).toBe("ns/mm2");
    const error = await createUser(inputs({ "pulumi.com/waitFor": "conditon=Ready" })).catch((caught: unknown) => caught);
    expect(error).not.toBeInstanceOf(InitFailedError);
    expect(String(error)).toContain('expected a "jsonpath=" or "condition=" prefix, got "conditon=Ready"');
  });
});

describe("update", () => {
  const state = (manager = "pulumi-kubernetes-00000001"): Props => ({ ...(live() as Props), __inputs: inputs(), __initialApiVersion: "kafka.strimzi.io/v1", __fieldManager: manager });
  const updateUser = (news: Props, more: object = {}) => update(session, { urn: URN, olds: state(), news, timeout: 0, preview: false, ignoreChanges: [], ...more });
  const managers = (...entries: object[]) => live({}, { metadata: { name: "mm2", namespace: "ns", resourceVersion: "7", managedFields: entries } });
  const created = { manager: "pulumi-kubernetes", operation: "Update", apiVersion: "v", time: "t", fieldsV1: { "f:spec": { "f:a": {} } } };

  it("hands the fields of the create over to its manager, then applies", async () => {
    const operator = { manager: "operator", operation: "Update", subresource: "status", fieldsV1: { "f:status": {} } };
    answers[`GET ${USERS}/mm2`] = () => ({ body: managers(created, operator) });
    answers[`PATCH ${USERS}/mm2`] = ({ body, type }) => ({ body: type.includes("json-patch") ? managers(operator) : body });
    await updateUser(inputs({}, { a: 2 }));
    const [handOver, apply] = calls("PATCH");
    expect(handOver?.body).toEqual([
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: [operator, { manager: "pulumi-kubernetes-00000001", operation: "Apply", apiVersion: "v", time: "t", fieldsType: "FieldsV1", fieldsV1: created.fieldsV1 }],
      },
      { op: "replace", path: "/metadata/resourceVersion", value: "7" },
    ]);
    expect(apply).toMatchObject({ type: "application/apply-patch+yaml", query: { fieldManager: "pulumi-kubernetes-00000001", force: "false" }, body: { spec: { a: 2 } } });
  });

  it("at preview forces its way past the create's own fields only, and patches nothing but a dry run", async () => {
    answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    answers[`GET ${USERS}/mm2`] = () => ({ body: managers(created) });
    await updateUser(inputs(), { preview: true });
    answers[`GET ${USERS}/mm2`] = () => ({ body: managers({ manager: "other", operation: "Update" }) });
    await updateUser(inputs(), { preview: true });
    expect(calls("PATCH").map((request) => request.query)).toEqual([
      { fieldManager: "pulumi-kubernetes-00000001", force: "true", dryRun: "All" },
      { fieldManager: "pulumi-kubernetes-00000001", force: "false", dryRun: "All" },
    ]);
  });

  it("says the server's words about a conflict and keeps the live object; patchForce asks for force", async () => {
    answers[`GET ${USERS}/mm2`] = () => ({ body: managers({ manager: "other", operation: "Update" }) });
    answers[`PATCH ${USERS}/mm2`] = () => failed(409, "Conflict", 'Apply failed with 1 conflict: conflict with "other" using v: .spec.a');
    const error = await updateUser(inputs()).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toMatch(/"ns\/mm2" failed to fully initialize or become live: .*"pulumi-kubernetes-00000001" had an apply conflict: Apply failed with 1 conflict: conflict with "other" using v: \.spec\.a$/);
    answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    await updateUser(inputs({ "pulumi.com/patchForce": "true" }));
    expect(calls("PATCH").at(-1)?.query["force"]).toBe("true");
  });

  it("leaves an ignored field to its manager, and keeps the live value of one that is its own", async () => {
    const theirs = { manager: "other", operation: "Apply", fieldsV1: { "f:spec": { "f:theirs": {} } } };
    const ours = { manager: "pulumi-kubernetes-00000001", operation: "Apply", fieldsV1: { "f:spec": { "f:ours": {} } } };
    answers[`GET ${USERS}/mm2`] = () => ({ body: { ...managers(theirs, ours), spec: { theirs: 1, ours: 2 } } });
    answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    await updateUser(inputs({}, { theirs: 8, ours: 9, new: 3 }), { ignoreChanges: ["spec.theirs", "spec.ours"] });
    expect(calls("PATCH").at(-1)?.body).toMatchObject({ spec: { ours: 2, new: 3 } });
    expect(calls("PATCH").at(-1)?.body).not.toHaveProperty("spec.theirs");
  });

  it("of an object that is gone fails without a state", async () => {
    answers[`GET ${USERS}/mm2`] = () => failed(404, "NotFound", 'kafkausers "mm2" not found');
    const error = await updateUser(inputs()).catch((caught: unknown) => caught);
    expect(error).not.toBeInstanceOf(InitFailedError);
    expect(String(error)).toMatch(/update of resource .* failed: kafkausers "mm2" not found\nunable to get cluster state/);
  });
});

describe("read and delete", () => {
  const found = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "ns", uid: "u", annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", a: "b" } }, data: { k: "eA==" }, type: "Opaque" };

  it("takes an object by its id, with the annotation in the state only", async () => {
    answers["GET /api/v1/namespaces/ns/secrets/s"] = () => ({ body: found });
    const result = await read(session, { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} });
    expect(result?.inputs).toEqual({ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "ns", annotations: { a: "b" } }, data: new Secret({ k: "eA==" }), type: "Opaque" });
    expect(result?.properties["metadata"]).toEqual(found.metadata);
    expect(result?.properties["data"]).toBeInstanceOf(Secret);
  });

  it("finds nothing without waiting, and gives no state then", async () => {
    expect(await read(session, { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} })).toBeUndefined();
    expect(calls("GET").filter((request) => request.path.includes("secrets"))).toHaveLength(1);
  });

  it("of an unreachable server is an error, or forgets the object when told to", async () => {
    session = { ...session, unreachable: "why" };
    const request = { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} };
    await expect(read(session, request)).rejects.toThrow("failed to read resource state due to unreachable cluster");
    expect(await read({ ...session, options: { ...session.options, deleteUnreachable: true } }, request)).toBeUndefined();
    expect(told[0]).toContain("unreachable: why");
  });

  const removeUser = (annotations: Record<string, string> = {}, timeout = 0) =>
    remove(session, { urn: URN, id: "ns/mm2", timeout, properties: { ...(live() as Props), __inputs: inputs(annotations) } });

  it("deletes in the foreground unless the inputs say otherwise, and is content when it is gone", async () => {
    answers[`DELETE ${USERS}/mm2`] = () => ({ body: {} });
    await removeUser();
    await removeUser({ "pulumi.com/deletionPropagationPolicy": "background" });
    expect(calls("DELETE").map((request) => request.body["propagationPolicy"])).toEqual(["Foreground", "Background"]);
    answers[`DELETE ${USERS}/mm2`] = () => failed(404, "NotFound", "gone");
    await removeUser();
  });

  it("waits until the object is gone, and names the finalizers when it stays", async () => {
    const held = live({}, { metadata: { name: "mm2", namespace: "ns", finalizers: ["me/hold"] } });
    answers[`DELETE ${USERS}/mm2`] = () => ({ body: {} });
    answers[`GET ${USERS}/mm2`] = () => ({ body: held });
    answers[`GET ${USERS}`] = () => ({ body: { items: [held] } });
    answers[`WATCH ${USERS}`] = () => ({ stream: () => undefined });
    const error = await removeUser({}, 1).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toBe("timed out waiting for the condition");
    expect(told.join("\n")).toContain("finalizers might be preventing deletion (me/hold)");
    answers[`WATCH ${USERS}`] = () => ({ stream: (response) => response.write(`${JSON.stringify({ type: "DELETED", object: held })}\n`) });
    await removeUser();
  });
});

describe("check and diff", () => {
  const checkUser = (news: Props, olds: Props = {}, more: object = {}) => check(session, { urn: URN, news, olds, randomSeed: new Uint8Array([1]), ...more });

  it("gives a name and a namespace where there is none, and keeps the name it gave", async () => {
    const bare = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser" };
    const { inputs: first } = await checkUser(bare);
    expect(first["metadata"]).toEqual({ name: expect.stringMatching(/^user-[0-9a-f]{8}$/) as string, namespace: "default", annotations: { "pulumi.com/autonamed": "true" } });
    expect((await checkUser(bare, first, { randomSeed: new Uint8Array([2]) })).inputs).toEqual(first);
    expect((await checkUser(bare, {}, { autonaming: { proposedName: "mine", disabled: false } })).inputs).toHaveProperty("metadata.name", "mine");
    await expect(checkUser(bare, {}, { autonaming: { proposedName: "", disabled: true } })).rejects.toThrow("autonaming is disabled");
  });

  it("keeps secrets secret, and refuses what it does not know", async () => {
    const { inputs: checked } = await checkUser(inputs({}, { a: new Secret("x") }));
    expect(checked["spec"]).toEqual({ a: new Secret("x") });
    expect((await checkUser(inputs({ "pulumi.com/what": "x" }))).failures).toHaveLength(1);
  });

  it("sees a change against the live object, deletes first where the name stays", async () => {
    const secret = (data: object, name = "s"): Props => ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "ns" }, data }) as unknown as Props;
    const olds: Props = { ...secret({ a: "eA==" }), __inputs: secret({ a: "eA==" }) };
    const compare = async (news: Props) => {
      const { replaces, deleteBeforeReplace } = await diff(session, { olds, news, ignoreChanges: [] });
      return { replaces, deleteBeforeReplace };
    };
    expect(await compare({ ...secret({}), data: new Secret({ a: "eA==" }) })).toEqual({ replaces: [], deleteBeforeReplace: false });
    expect(await compare(secret({ a: "eQ==" }))).toEqual({ replaces: ["data.a"], deleteBeforeReplace: true });
    expect(await compare(secret({ a: "eA==" }, "t"))).toEqual({ replaces: ["metadata.name"], deleteBeforeReplace: false });
    const drifted = await diff(session, { olds: { ...olds, ...secret({ a: "eQ==" }) }, news: secret({ a: "eA==" }), ignoreChanges: [] });
    expect(drifted.replaces).toEqual(["data.a"]);
    expect((await diff(session, { olds, news: secret({ a: "eQ==" }), ignoreChanges: ["data"] })).changes).toEqual([]);
  });
});
