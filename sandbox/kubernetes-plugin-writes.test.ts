import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { create } from "./kubernetes-plugin/create";
import { InitFailedError } from "./kubernetes-plugin/session";
import { update } from "./kubernetes-plugin/update";
import { Unknown, type Props } from "./kubernetes-plugin/values";
import { failed, inputs, live, URN, USERS, withFakeServer } from "./test/kubernetes-plugin-support";

const at = withFakeServer();

const createUser = (properties: Props, preview = false, timeout = 0) =>
  create(at.session, { urn: URN, properties, timeout, preview });

describe("create", () => {
  it("sends a POST as pulumi-kubernetes, and keeps its own manager for later", async () => {
    at.answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body: { ...body, status: { x: 1 } } });
    const { id, properties } = await createUser(inputs());
    expect(id).toBe("ns/mm2");
    expect(at.calls("POST")).toMatchObject([
      { path: USERS, query: { fieldManager: "pulumi-kubernetes" }, body: { metadata: { name: "mm2" } } },
    ]);
    expect(properties["__fieldManager"]).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(properties["__initialApiVersion"]).toBe("kafka.strimzi.io/v1");
    expect(properties["__inputs"]).toEqual(inputs());
  });

  it("at preview sends a dry run, and fails if the server refuses it", async () => {
    at.answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body: { ...body, status: {} } });
    const preview = await createUser(inputs(), true);
    expect(at.calls("POST")[0]?.query).toEqual({ fieldManager: "pulumi-kubernetes", dryRun: "All" });
    expect(preview.id).toBe("");
    expect(preview.properties).not.toHaveProperty("status");
    at.answers[`POST ${USERS}`] = () => failed(422, "Invalid", 'spec.x: Unsupported value: "y"');
    await expect(createUser(inputs(), true)).rejects.toThrow(
      `resource "${URN}" was not successfully created by the Kubernetes API server: spec.x: Unsupported value: "y"`,
    );
  });

  it.each([
    ["already exists", () => failed(409, "AlreadyExists", "kafkausers x already exists")],
    ["is forbidden", () => failed(403, "Forbidden", "no")],
    ["has no namespace yet", () => failed(404, "NotFound", 'namespaces "ns" not found', { kind: "namespaces" })],
  ])("at preview continues if the object %s", async (_, answer) => {
    at.answers[`POST ${USERS}`] = answer;
    expect(await createUser(inputs(), true)).toEqual({ id: "", properties: inputs() });
  });

  it("at preview sends nothing if a value is unknown or the kind is not served", async () => {
    await createUser(inputs({}, { a: new Unknown("u") }), true);
    at.answers["GET /apis/kafka.strimzi.io/v1"] = () => ({ body: { resources: [] } });
    at.session = await at.open();
    await createUser(inputs(), true);
    expect(at.calls("POST")).toEqual([]);
  });

  it("tries again while the namespace is missing or the server is not ready", async () => {
    let tries = 0;
    at.answers[`POST ${USERS}`] = ({ body }) => {
      tries++;
      if (tries === 1) return failed(404, "NotFound", 'namespaces "ns" not found', { kind: "namespaces" });
      if (tries === 2)
        return { ...failed(429, "TooManyRequests", "storage is (re)initializing"), headers: { "retry-after": "0" } };
      return { code: 201, body };
    };
    expect((await createUser(inputs())).id).toBe("ns/mm2");
    expect(tries).toBe(3);
    expect(at.told[0]).toContain('namespaces "ns" not found');
  });

  it("fails if the server cannot be reached, while its preview passes", async () => {
    const { port } = at.server.address() as AddressInfo;
    at.server.close();
    at.server.closeAllConnections();
    at.session = await at.open(port);
    expect(at.session.unreachable).toContain("connection refused");
    expect(await createUser(inputs(), true)).toEqual({ id: "", properties: inputs() });
    await expect(createUser(inputs())).rejects.toThrow(
      /configured Kubernetes cluster is unreachable: unable to load schema information.*connection refused/,
    );
  });
});

describe("waiting", () => {
  const WAIT = { "pulumi.com/waitFor": "condition=Ready" };
  const ready = { status: { conditions: [{ type: "Ready", status: "True" }], observedGeneration: 1 } };
  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

  it("lists and watches until the condition holds, and lists again if a watch ends", async () => {
    let watches = 0;
    at.answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    at.answers[`GET ${USERS}`] = () => ({
      body: {
        kind: "KafkaUserList",
        apiVersion: "kafka.strimzi.io/v1",
        metadata: { resourceVersion: "9" },
        items: [live(WAIT)],
      },
    });
    at.answers[`WATCH ${USERS}`] = () => ({
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
    expect(at.seen.find((request) => request.query["watch"])?.query["resourceVersion"]).toBe("9");
    expect(at.told.join("\n")).toContain("no status.conditions yet");
  });

  it("keeps the object at the time limit, and gives the reason", async () => {
    at.answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    at.answers[`GET ${USERS}`] = () => ({ body: { items: [live(WAIT, { status: { a: 1 } })] } });
    at.answers[`WATCH ${USERS}`] = () => ({ stream: () => undefined });
    const error = await createUser(inputs(WAIT), false, 1).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect(error).toMatchObject({ id: "ns/mm2", properties: { status: { a: 1 } } });
    expect((error as Error).message).toBe(
      `resource "${URN}" was successfully created, but the Kubernetes API server reported that it failed to ` +
        "fully initialize or become live: timed out waiting for the condition",
    );
  });

  it("ends if Pulumi cancels, and keeps the object", async () => {
    at.answers[`POST ${USERS}`] = () => ({ code: 201, body: live(WAIT) });
    at.answers[`GET ${USERS}`] = () => ({ body: { items: [live(WAIT)] } });
    at.answers[`WATCH ${USERS}`] = () => ({ stream: () => setImmediate(() => at.cancel.abort()) });
    const error = await createUser(inputs(WAIT)).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toMatch(/context canceled$/);
  });

  it("is skipped with skipAwait, and a misspelt condition loses the object", async () => {
    at.answers[`POST ${USERS}`] = ({ body }) => ({ code: 201, body });
    expect((await createUser(inputs({ ...WAIT, "pulumi.com/skipAwait": "true" }))).id).toBe("ns/mm2");
    const error = await createUser(inputs({ "pulumi.com/waitFor": "conditon=Ready" })).catch(
      (caught: unknown) => caught,
    );
    expect(error).not.toBeInstanceOf(InitFailedError);
    expect(String(error)).toContain('expected a "jsonpath=" or "condition=" prefix, got "conditon=Ready"');
  });
});

describe("update", () => {
  const state = (manager = "pulumi-kubernetes-00000001"): Props => ({
    ...(live() as Props),
    __inputs: inputs(),
    __initialApiVersion: "kafka.strimzi.io/v1",
    __fieldManager: manager,
  });
  const updateUser = (news: Props, more: object = {}) =>
    update(at.session, { urn: URN, olds: state(), news, timeout: 0, preview: false, ignoreChanges: [], ...more });
  const managers = (...entries: object[]) =>
    live({}, { metadata: { name: "mm2", namespace: "ns", resourceVersion: "7", managedFields: entries } });
  const created = {
    manager: "pulumi-kubernetes",
    operation: "Update",
    apiVersion: "v",
    time: "t",
    fieldsV1: { "f:spec": { "f:a": {} } },
  };

  it("moves the fields of the create to its own manager, then applies", async () => {
    const operator = { manager: "operator", operation: "Update", subresource: "status", fieldsV1: { "f:status": {} } };
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: managers(created, operator) });
    at.answers[`PATCH ${USERS}/mm2`] = ({ body, type }) => ({
      body: type.includes("json-patch") ? managers(operator) : body,
    });
    await updateUser(inputs({}, { a: 2 }));
    const [handOver, apply] = at.calls("PATCH");
    expect(handOver?.body).toEqual([
      {
        op: "replace",
        path: "/metadata/managedFields",
        value: [
          operator,
          {
            manager: "pulumi-kubernetes-00000001",
            operation: "Apply",
            apiVersion: "v",
            time: "t",
            fieldsType: "FieldsV1",
            fieldsV1: created.fieldsV1,
          },
        ],
      },
      { op: "replace", path: "/metadata/resourceVersion", value: "7" },
    ]);
    expect(apply).toMatchObject({
      type: "application/apply-patch+yaml",
      query: { fieldManager: "pulumi-kubernetes-00000001", force: "false" },
      body: { spec: { a: 2 } },
    });
  });

  it("at preview forces only the create's own fields, and sends only dry runs", async () => {
    at.answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: managers(created) });
    await updateUser(inputs(), { preview: true });
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: managers({ manager: "other", operation: "Update" }) });
    await updateUser(inputs(), { preview: true });
    expect(at.calls("PATCH").map((request) => request.query)).toEqual([
      { fieldManager: "pulumi-kubernetes-00000001", force: "true", dryRun: "All" },
      { fieldManager: "pulumi-kubernetes-00000001", force: "false", dryRun: "All" },
    ]);
  });

  it("reports the server's conflict and keeps the live object, and forces with patchForce", async () => {
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: managers({ manager: "other", operation: "Update" }) });
    at.answers[`PATCH ${USERS}/mm2`] = () =>
      failed(409, "Conflict", 'Apply failed with 1 conflict: conflict with "other" using v: .spec.a');
    const error = await updateUser(inputs()).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toMatch(
      /"ns\/mm2" failed to fully initialize or become live: .*"pulumi-kubernetes-00000001" had an apply conflict: Apply failed with 1 conflict: conflict with "other" using v: \.spec\.a$/,
    );
    at.answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    await updateUser(inputs({ "pulumi.com/patchForce": "true" }));
    expect(at.calls("PATCH").at(-1)?.query["force"]).toBe("true");
  });

  it("leaves an ignored field to its manager, and keeps the live value of its own", async () => {
    const theirs = { manager: "other", operation: "Apply", fieldsV1: { "f:spec": { "f:theirs": {} } } };
    const ours = {
      manager: "pulumi-kubernetes-00000001",
      operation: "Apply",
      fieldsV1: { "f:spec": { "f:ours": {} } },
    };
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: { ...managers(theirs, ours), spec: { theirs: 1, ours: 2 } } });
    at.answers[`PATCH ${USERS}/mm2`] = ({ body }) => ({ body });
    await updateUser(inputs({}, { theirs: 8, ours: 9, new: 3 }), { ignoreChanges: ["spec.theirs", "spec.ours"] });
    expect(at.calls("PATCH").at(-1)?.body).toMatchObject({ spec: { ours: 2, new: 3 } });
    expect(at.calls("PATCH").at(-1)?.body).not.toHaveProperty("spec.theirs");
  });

  it("fails without a state if the object is gone", async () => {
    at.answers[`GET ${USERS}/mm2`] = () => failed(404, "NotFound", 'kafkausers "mm2" not found');
    const error = await updateUser(inputs()).catch((caught: unknown) => caught);
    expect(error).not.toBeInstanceOf(InitFailedError);
    expect(String(error)).toMatch(
      /update of resource .* failed: kafkausers "mm2" not found\nunable to get cluster state/,
    );
  });
});
