import { describe, expect, it } from "vitest";
import { check, diff } from "./kubernetes-plugin/check";
import { read, remove } from "./kubernetes-plugin/read";
import { InitFailedError } from "./kubernetes-plugin/session";
import { Secret, type Props } from "./kubernetes-plugin/values";
import { failed, inputs, live, SECRET_URN, URN, USERS, withFakeServer } from "./test/kubernetes-plugin-support";

const at = withFakeServer();

describe("read and delete", () => {
  const found = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "s",
      namespace: "ns",
      uid: "u",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", a: "b" },
    },
    data: { k: "eA==" },
    type: "Opaque",
  };

  it("reads an object by its id, and keeps kubectl's annotation in the state only", async () => {
    at.answers["GET /api/v1/namespaces/ns/secrets/s"] = () => ({ body: found });
    const result = await read(at.session, { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} });
    expect(result?.inputs).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "ns", annotations: { a: "b" } },
      data: new Secret({ k: "eA==" }),
      type: "Opaque",
    });
    expect(result?.properties["metadata"]).toEqual(found.metadata);
    expect(result?.properties["data"]).toBeInstanceOf(Secret);
  });

  it("returns no state for an object that does not exist, without waiting", async () => {
    expect(await read(at.session, { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} })).toBeUndefined();
    expect(at.calls("GET").filter((request) => request.path.includes("secrets"))).toHaveLength(1);
  });

  it("fails if the server cannot be reached, or forgets the object if told to", async () => {
    at.session = { ...at.session, unreachable: "why" };
    const request = { urn: SECRET_URN, id: "ns/s", inputs: {}, properties: {} };
    await expect(read(at.session, request)).rejects.toThrow("failed to read resource state due to unreachable cluster");
    expect(
      await read({ ...at.session, options: { ...at.session.options, deleteUnreachable: true } }, request),
    ).toBeUndefined();
    expect(at.told[0]).toContain("unreachable: why");
  });

  const removeUser = (annotations: Record<string, string> = {}, timeout = 0) =>
    remove(at.session, {
      urn: URN,
      id: "ns/mm2",
      timeout,
      properties: { ...(live() as Props), __inputs: inputs(annotations) },
    });

  it("deletes in the foreground unless the inputs say otherwise, and accepts that the object is gone", async () => {
    at.answers[`DELETE ${USERS}/mm2`] = () => ({ body: {} });
    await removeUser();
    await removeUser({ "pulumi.com/deletionPropagationPolicy": "background" });
    expect(at.calls("DELETE").map((request) => request.body["propagationPolicy"])).toEqual([
      "Foreground",
      "Background",
    ]);
    at.answers[`DELETE ${USERS}/mm2`] = () => failed(404, "NotFound", "gone");
    await removeUser();
  });

  it("waits until the object is gone, and names the finalizers that keep it", async () => {
    const held = live({}, { metadata: { name: "mm2", namespace: "ns", finalizers: ["me/hold"] } });
    at.answers[`DELETE ${USERS}/mm2`] = () => ({ body: {} });
    at.answers[`GET ${USERS}/mm2`] = () => ({ body: held });
    at.answers[`GET ${USERS}`] = () => ({ body: { items: [held] } });
    at.answers[`WATCH ${USERS}`] = () => ({ stream: () => undefined });
    const error = await removeUser({}, 1).catch((caught: unknown) => caught as InitFailedError);
    expect(error).toBeInstanceOf(InitFailedError);
    expect((error as Error).message).toBe("timed out waiting for the condition");
    expect(at.told.join("\n")).toContain("finalizers might be preventing deletion (me/hold)");
    at.answers[`WATCH ${USERS}`] = () => ({
      stream: (response) => response.write(`${JSON.stringify({ type: "DELETED", object: held })}\n`),
    });
    await removeUser();
  });
});

describe("check and diff", () => {
  const checkUser = (news: Props, olds: Props = {}, more: object = {}) =>
    check(at.session, { urn: URN, news, olds, randomSeed: new Uint8Array([1]), ...more });

  it("adds a missing name and namespace, and keeps the generated name", async () => {
    const bare = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser" };
    const { inputs: first } = await checkUser(bare);
    expect(first["metadata"]).toEqual({
      name: expect.stringMatching(/^user-[0-9a-f]{8}$/) as string,
      namespace: "default",
      annotations: { "pulumi.com/autonamed": "true" },
    });
    expect((await checkUser(bare, first, { randomSeed: new Uint8Array([2]) })).inputs).toEqual(first);
    expect(
      (await checkUser(bare, {}, { autonaming: { proposedName: "mine", disabled: false } })).inputs,
    ).toHaveProperty("metadata.name", "mine");
    await expect(checkUser(bare, {}, { autonaming: { proposedName: "", disabled: true } })).rejects.toThrow(
      "autonaming is disabled",
    );
  });

  it("keeps secrets secret, and refuses unknown annotations", async () => {
    const { inputs: checked } = await checkUser(inputs({}, { a: new Secret("x") }));
    expect(checked["spec"]).toEqual({ a: new Secret("x") });
    expect((await checkUser(inputs({ "pulumi.com/what": "x" }))).failures).toHaveLength(1);
  });

  it("compares with the live object, and asks to delete first if the name stays", async () => {
    const secret = (data: object, name = "s"): Props =>
      ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "ns" }, data }) as unknown as Props;
    const olds: Props = { ...secret({ a: "eA==" }), __inputs: secret({ a: "eA==" }) };
    const compare = async (news: Props) => {
      const { replaces, deleteBeforeReplace } = await diff(at.session, { olds, news, ignoreChanges: [] });
      return { replaces, deleteBeforeReplace };
    };
    expect(await compare({ ...secret({}), data: new Secret({ a: "eA==" }) })).toEqual({
      replaces: [],
      deleteBeforeReplace: false,
    });
    expect(await compare(secret({ a: "eQ==" }))).toEqual({ replaces: ["data.a"], deleteBeforeReplace: true });
    expect(await compare(secret({ a: "eA==" }, "t"))).toEqual({
      replaces: ["metadata.name"],
      deleteBeforeReplace: false,
    });
    const drifted = await diff(at.session, {
      olds: { ...olds, ...secret({ a: "eQ==" }) },
      news: secret({ a: "eA==" }),
      ignoreChanges: [],
    });
    expect(drifted.replaces).toEqual(["data.a"]);
    expect((await diff(at.session, { olds, news: secret({ a: "eQ==" }), ignoreChanges: ["data"] })).changes).toEqual(
      [],
    );
  });
});
