import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkpoint, markSecrets, parseCheckpoint } from "./kubernetes-plugin/checkpoint";
import { changesOf, forceNewFields, parsePath, renderPath, withoutIgnored } from "./kubernetes-plugin/diff";
import { gvkOfType, limitOf, parseUrn, propagationOf, refusals } from "./kubernetes-plugin/kinds";
import { ambientKubeconfig, connectionOf, NotSupported, parseKubeconfig } from "./kubernetes-plugin/kubeconfig";
import { idOf, normalize, parseId, prune } from "./kubernetes-plugin/objects";
import { diffOptions, optionFailures, parseOptions } from "./kubernetes-plugin/options";
import {
  decode,
  encode,
  reveal,
  Secret,
  Unknown,
  type Plain,
  type PlainObject,
  type Props,
} from "./kubernetes-plugin/values";
import { parseWaitFor } from "./kubernetes-plugin/wait-for";

const secretJson = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes("__proto__"))
  .map((value) => JSON.parse(JSON.stringify(value)) as Plain);
const jsonObject = fc
  .dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    json,
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as PlainObject);

const user = (fields: object = {}, annotations: Record<string, string> = {}): PlainObject =>
  ({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaUser",
    metadata: { name: "mm2", namespace: "ns", annotations, generation: 2 },
    ...fields,
  }) as PlainObject;
const secretObject = (fields: object): PlainObject =>
  ({ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "ns" }, ...fields }) as PlainObject;

describe("values of the plugin protocol", () => {
  it("are decoded and encoded without changes, also secrets and unknown values", () => {
    const wire = { a: secretJson({ b: [1, secretJson("x")] }), c: UNKNOWN, d: null };
    expect(encode(decode(wire))).toEqual(wire);
    expect(reveal(decode(secretJson(["x"])))).toEqual(["x"]);
    expect(decode(UNKNOWN)).toBeInstanceOf(Unknown);
    fc.assert(fc.property(json, (value) => isDeepStrictEqual(encode(decode(value)), value)));
  });

  it("that do not belong in a Kubernetes object are refused by name", () => {
    expect(() => decode({ "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17" })).toThrow(
      "an asset",
    );
    expect(() => decode({ "4dabf18193072939515e22adb298388d": "what" })).toThrow("signature what");
  });
});

describe("changes", () => {
  it("are empty exactly if both objects are equal", () => {
    const withoutNulls = (value: Plain): boolean => !JSON.stringify(value).includes("null");
    fc.assert(
      fc.property(jsonObject.filter(withoutNulls), jsonObject.filter(withoutNulls), (a, b) => {
        expect(changesOf(a, structuredClone(a), [])).toEqual([]);
        expect(changesOf(a, b, []).length === 0).toBe(isDeepStrictEqual(a, b));
      }),
    );
  });

  it("name the deepest property that differs, also in lists", () => {
    const old = { spec: { acls: [{ host: "*", type: "allow" }, { host: "a" }], gone: 1 }, kind: "A" } as PlainObject;
    const news = {
      spec: { acls: [{ host: "b" }], added: { x: 1 }, later: new Unknown(UNKNOWN) },
      kind: "A",
    } as unknown as PlainObject;
    const found = Object.fromEntries(changesOf(old, news, []).map((change) => [renderPath(change.path), change.kind]));
    expect(found).toEqual({
      "spec.acls[0].host": "update",
      "spec.acls[0].type": "delete",
      "spec.acls[1]": "delete",
      "spec.gone": "delete",
      "spec.added": "add",
      "spec.later": "add",
    });
  });

  it("replace the object only if they concern the name, the namespace, or a Secret's data or type", () => {
    const fields = (mutable = false, inputs = secretObject({})) =>
      forceNewFields(inputs, { secretMutable: mutable, configMapMutable: mutable });
    const replaces = (old: object, news: object, forceNew: string[][]) =>
      changesOf(old as PlainObject, news as PlainObject, forceNew).map((change) => change.replace);
    expect(replaces({ data: { a: "x" } }, { data: { a: "y" } }, fields())).toEqual([true]);
    expect(replaces({ data: { a: "x" } }, {}, fields())).toEqual([true]);
    expect(replaces({ data: { a: "x" } }, { data: { a: "y" } }, fields(true))).toEqual([false]);
    expect(
      replaces({ data: { a: "x" } }, { data: { a: "y" } }, fields(true, secretObject({ immutable: true }))),
    ).toEqual([true]);
    expect(replaces({ type: "a" }, { type: "b" }, fields(true))).toEqual([true]);
    expect(replaces({ metadata: { labels: { a: "b" } } }, { metadata: { labels: {} } }, fields())).toEqual([false]);
    expect(replaces({}, { metadata: { name: "a" } }, fields())).toEqual([true]);
    expect(replaces({}, { metadata: { labels: {} } }, fields())).toEqual([false]);
    expect(replaces({ spec: { data: 1 } }, { spec: { data: 2 } }, fields())).toEqual([false]);
    expect(
      replaces({ data: 1 }, { data: 2 }, forceNewFields(user(), { secretMutable: false, configMapMutable: false })),
    ).toEqual([false]);
    const configMap = { apiVersion: "v1", kind: "ConfigMap" };
    expect(replaces({ data: { a: "x" } }, { data: { a: "y" } }, fields(false, configMap))).toEqual([true]);
    expect(replaces({ data: { a: "x" } }, { data: { a: "y" } }, fields(true, configMap))).toEqual([false]);
  });

  it("of ignored properties are removed, whatever their keys look like", () => {
    const changes = changesOf({ a: { "x.y": 1, z: [1, 2] } }, { a: { "x.y": 2, z: [1, 3] } }, []);
    expect(withoutIgnored(changes, ['a["x.y"]']).map((change) => renderPath(change.path))).toEqual(["a.z[1]"]);
    expect(withoutIgnored(changes, ["a.z[*]"]).map((change) => renderPath(change.path))).toEqual(['a["x.y"]']);
    expect(withoutIgnored(changes, ["a"])).toEqual([]);
    const part = fc.oneof(
      fc.nat(20),
      fc.string({ minLength: 1 }).filter((key) => !key.includes("\\")),
    );
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((key) => !key.includes("\\")),
        fc.array(part),
        (first, rest) => {
          expect(parsePath(renderPath([first, ...rest]))).toEqual([first, ...rest]);
        },
      ),
    );
    expect(() => parsePath("a..b")).toThrow('"a..b" is not a property path');
  });
});

describe("objects", () => {
  it("are reduced to the shape of the inputs", () => {
    expect(prune({ a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, { f: 3 }] }, { b: { c: 0 }, e: [{ f: 0 }] })).toEqual({
      b: { c: 2 },
      e: [{ f: 1 }],
    });
    expect(prune({ a: [1], b: "text" }, { a: [{}], b: {} })).toEqual({ a: [1], b: "text" });
    fc.assert(
      fc.property(
        jsonObject.filter((object) => !/\[\]|null/.test(JSON.stringify(object))),
        (object) => {
          // prune() copies a list whose elements have different types as a whole, so such a list does not change
          // either.
          expect(prune(object, object)).toEqual(object);
        },
      ),
    );
  });

  it("of kind Secret move stringData into data, like the server", () => {
    const normalized = normalize(secretObject({ data: { a: "eA==", b: "eA==\n" }, stringData: { a: "ü" } }));
    expect(normalized).toEqual(secretObject({ data: { a: "w7w=", b: "eA==\n" } }));
    expect(normalize(secretObject({ data: { b: "eA==\n", bad: "%" } }))).toEqual(
      secretObject({ data: { b: "eA==", bad: "%" } }),
    );
    const unknown = secretObject({ stringData: { a: new Unknown(UNKNOWN) } });
    expect(normalize(unknown)).toEqual(unknown);
  });

  it("lose what only the server writes, and empty maps that the server drops", () => {
    expect(normalize(user())).not.toHaveProperty("metadata.generation");
    expect(normalize({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", labels: {} }, data: {} })).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
    });
    expect(normalize(user())).toHaveProperty("metadata.annotations", {});
  });

  it("have the id <namespace>/<name>", () => {
    expect(idOf(user())).toBe("ns/mm2");
    expect(idOf({ metadata: { name: "ns" } })).toBe("ns");
    expect(parseId("ns/mm2")).toEqual({ namespace: "ns", name: "mm2" });
    expect(parseId("ns")).toEqual({ namespace: "", name: "ns" });
  });
});

describe("the state", () => {
  it("encrypts a Secret's data, whether the inputs were secret or not, and nothing else of it", () => {
    const live = secretObject({ data: { a: "eA==" } });
    const state = checkpoint(live, live, {}, { initialApiVersion: "v1", fieldManager: "m" });
    expect(state["data"]).toBeInstanceOf(Secret);
    expect((state["__inputs"] as Props)["data"]).toBeInstanceOf(Secret);
    expect(state["metadata"]).toEqual(live["metadata"]);
    expect(parseCheckpoint(state)).toEqual({ inputs: live, live, initialApiVersion: "v1", fieldManager: "m" });
  });

  it("of other objects marks what was secret in the inputs, and lists as a whole", () => {
    const outputs: Props = { kind: "KafkaUser", spec: { a: "x", b: "y", list: ["z"], own: 1 } };
    markSecrets(outputs, { spec: { a: new Secret("x"), b: "y", list: [new Secret("z")] } });
    expect(outputs["spec"]).toEqual({ a: new Secret("x"), b: "y", list: new Secret(["z"]), own: 1 });
  });
});

describe("waitFor", () => {
  const holds = (expression: string, status?: object) =>
    parseWaitFor(expression)(user(status === undefined ? {} : { status })).satisfied;
  const ready = (status: string, more: object = {}) => ({ conditions: [{ type: "Ready", status, ...more }] });

  it("accepts a condition that is True or has the requested value", () => {
    expect(holds("condition=Ready")).toBe(false);
    expect(holds("condition=Ready", ready("False"))).toBe(false);
    expect(holds("condition=Ready", ready("True"))).toBe(true);
    expect(holds("condition=ready=false", ready("False"))).toBe(true);
    expect(holds("condition=Ready", { conditions: [{ type: "NotReady", status: "True" }] })).toBe(false);
  });

  it("respects observedGeneration of the condition or of the status", () => {
    expect(holds("condition=Ready", { ...ready("True"), observedGeneration: 1 })).toBe(false);
    expect(holds("condition=Ready", { ...ready("True", { observedGeneration: 1 }), observedGeneration: 2 })).toBe(
      false,
    );
    expect(holds("condition=Ready", { ...ready("True", { observedGeneration: 2 }), observedGeneration: 1 })).toBe(true);
    expect(holds("jsonpath={.status.secret}", { secret: "a", observedGeneration: 1 })).toBe(false);
    expect(holds("jsonpath={.status.secret}", { secret: "a", observedGeneration: 2 })).toBe(true);
  });

  it("accepts every path of RFC 9535, and a JSON array of expressions", () => {
    const status = { ...ready("True"), secret: "a", replicas: 3, "odd name": true };
    for (const [expression, expected] of [
      ["jsonpath={.status.secret}", true],
      ["jsonpath={.status.absent}", false],
      ["jsonpath={ .status.replicas }=3", true],
      ["jsonpath={$.status.replicas}=4", false],
      ["jsonpath={.status['odd name']}=true", true],
      ["jsonpath={.status.conditions[0].type}=Ready", true],
      ["jsonpath={.status.conditions[-1].type}=Ready", true],
      ["jsonpath={.status.conditions[*].status}=True", true],
      ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', true],
      ["jsonpath={.status.conditions[?@.type=='Other'].status}=True", false],
      ["jsonpath={..secret}=a", true],
      ["jsonpath={.status.conditions[0:1].type}=Ready", true],
      ["jsonpath={.status.conditions[1,0].type}=Ready", true],
      ["jsonpath={.status[?(@>2)]}=3", true],
      ["jsonpath={.status[?(@>3)]}", false],
      ['["jsonpath={.status.secret}","condition=Ready"]', true],
      ['["jsonpath={.status.absent}","condition=Ready"]', false],
    ] as const) {
      expect(holds(expression, status), expression).toBe(expected);
    }
    expect(() => parseWaitFor("jsonpath={.status.conditions}=x")(user({ status }))).toThrow("non-primitive");
    expect(holds("jsonpath={.status.conditions}", status)).toBe(true);
  });

  it("refuses invalid expressions", () => {
    for (const wrong of [
      "conditon=Ready",
      "[]",
      "jsonpath=.status",
      "jsonpath={.a}=",
      "jsonpath={.a}=b=c",
      "jsonpath='{.a}'",
      "jsonpath={.a b}",
    ]) {
      expect(() => parseWaitFor(wrong), wrong).toThrow();
      expect(() => parseWaitFor(wrong), wrong).not.toThrow(NotSupported);
      // The real plugin finds this only after it has created the object.
      expect(
        refusals(gvkOfType("kubernetes:kafka.strimzi.io/v1:KafkaUser"), user({}, { "pulumi.com/waitFor": wrong })),
      ).toEqual([]);
    }
  });
});

describe("kinds and annotations", () => {
  it("are supported or refused by name", () => {
    expect(gvkOfType("kubernetes:core/v1:Secret")).toEqual({ group: "", version: "v1", kind: "Secret" });
    expect(gvkOfType("kubernetes:eventstreams.ibm.com/v1beta1:KafkaUser")).toEqual({
      group: "eventstreams.ibm.com",
      version: "v1beta1",
      kind: "KafkaUser",
    });
    for (const type of [
      "core/v1:Pod",
      "apps/v1:Deployment",
      "apiextensions.k8s.io/v1:CustomResourceDefinition",
      "helm.sh/v3:Release",
      "kafka.strimzi.io/v1:KafkaUserPatch",
      "core/v1:List",
    ]) {
      expect(() => gvkOfType(`kubernetes:${type}`), type).toThrow(NotSupported);
    }
    expect(parseUrn("urn:pulumi:dev::kp::my:index:Mirror$kubernetes:core/v1:Secret::a::b")).toEqual({
      type: "kubernetes:core/v1:Secret",
      name: "a::b",
    });
  });

  it("have their meaning, and are refused if they are unknown or have wrong values", () => {
    const gvk = gvkOfType("kubernetes:kafka.strimzi.io/v1:KafkaUser");
    const of = (annotations: Record<string, string>) => refusals(gvk, user({}, annotations)).join("\n");
    expect(
      of({
        "pulumi.com/skipAwait": "true",
        "pulumi.com/timeoutSeconds": "5",
        "pulumi.com/deletionPropagationPolicy": "background",
        other: "x",
      }),
    ).toBe("");
    expect(of({ "pulumi.com/waitfor": "condition=Ready" })).toContain("pulumi.com/waitfor is not known");
    expect(of({ "pulumi.com/timeoutSeconds": "5s" })).toContain("whole number");
    expect(of({ "pulumi.com/skipAwait": "yes" })).toContain('"true" or "false"');
    expect(of({ "pulumi.com/deletionPropagationPolicy": "later" })).toContain("foreground, background or orphan");
    expect(of({ "pulumi.com/replaceUnready": "true" })).toContain("Jobs only");
    expect(refusals(gvk, user({ metadata: { generateName: "a" } })).join()).toContain("generateName");
  });

  it("set the time limit and the deletion propagation", () => {
    expect(limitOf(0, user())).toBe(600_000);
    expect(limitOf(0, user({}, { "pulumi.com/timeoutSeconds": "5" }))).toBe(5000);
    expect(limitOf(7, user({}, { "pulumi.com/timeoutSeconds": "5" }))).toBe(7000);
    expect(propagationOf(user())).toBe("Foreground");
    expect(propagationOf(user({}, { "pulumi.com/deletionPropagationPolicy": "background" }))).toBe("Background");
  });
});

describe("provider options", () => {
  const kubeconfig = (server: string, user: object = { token: "t" }) =>
    JSON.stringify({
      "current-context": "c",
      contexts: [
        { name: "c", context: { cluster: "k", user: "u" } },
        { name: "d", context: { cluster: "k2", user: "u", namespace: "n" } },
      ],
      clusters: [
        { name: "k", cluster: { server } },
        { name: "k2", cluster: { server: "https://two" } },
      ],
      users: [{ name: "u", user }],
    });

  it("that are unknown or not supported are refused together", () => {
    expect(
      optionFailures({
        kubeconfig: new Unknown(UNKNOWN),
        enableSecretMutable: "true",
        enableServerSideApply: "true",
        version: "4",
      }),
    ).toEqual([]);
    expect(
      optionFailures({ kubeConfig: "x", enableServerSideApply: "false", deleteUnreachable: "maybe" }).map(
        ({ property }) => property,
      ),
    ).toEqual(["kubeConfig", "enableServerSideApply", "deleteUnreachable"]);
    expect(() => parseOptions({ renderYamlToDirectory: "x" }, { PULUMI_K8S_AWAIT_ALL: "true" })).toThrow(
      /renderYamlToDirectory[\s\S]*PULUMI_K8S_AWAIT_ALL/,
    );
    expect(parseOptions({ enableSecretMutable: "true" }, {})).toMatchObject({
      secretMutable: true,
      configMapMutable: false,
    });
    expect(parseOptions({}, { PULUMI_K8S_DELETE_UNREACHABLE: "true" })).toMatchObject({ deleteUnreachable: true });
  });

  it("replace the provider exactly if the active cluster changes", async () => {
    const a = { kubeconfig: kubeconfig("https://one") };
    expect(await diffOptions(a, { ...a })).toEqual({ changed: [], replaces: [] });
    expect(await diffOptions(a, { kubeconfig: new Secret(kubeconfig("https://three")) })).toEqual({
      changed: ["kubeconfig"],
      replaces: ["kubeconfig"],
    });
    expect(await diffOptions(a, { kubeconfig: kubeconfig("https://one", { token: "other" }) })).toEqual({
      changed: ["kubeconfig"],
      replaces: [],
    });
    expect(await diffOptions(a, { ...a, context: "d" })).toEqual({ changed: ["context"], replaces: ["context"] });
    expect(await diffOptions(a, { ...a, namespace: "n" })).toEqual({ changed: ["namespace"], replaces: [] });
    expect(await diffOptions(a, { kubeconfig: new Unknown(UNKNOWN) })).toEqual({
      changed: ["kubeconfig"],
      replaces: ["kubeconfig"],
    });
    const identified = { kubeconfig: kubeconfig("https://three"), clusterIdentifier: "i" };
    expect((await diffOptions({ ...a, clusterIdentifier: "i" }, identified)).replaces).toEqual([]);
  });

  it("read a kubeconfig from its content or its path, and never show its content", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
    const chosen = async (value: string, overrides = {}) => {
      const { config, namespace } = await connectionOf(await parseKubeconfig(value), overrides);
      return { server: config.getCurrentCluster()?.server, namespace, token: config.getCurrentUser()?.token };
    };
    try {
      const path = join(folder, "config");
      await writeFile(path, kubeconfig("https://one:1/"));
      expect(await chosen(path)).toEqual({ server: "https://one:1", namespace: "default", token: "t" });
      expect(await chosen(path, { context: "d" })).toMatchObject({ server: "https://two", namespace: "n" });
      await expect(chosen(path, { context: "x" })).rejects.toThrow('context "x" does not exist');
    } finally {
      await rm(folder, { recursive: true });
    }
    await expect(chosen(kubeconfig("https://one", { "as-groups": ["g"] }))).rejects.toThrow(NotSupported);
    await expect(parseKubeconfig("/does/not/exist")).rejects.toThrow("no such file");
    await expect(parseKubeconfig(`{ "token": "s3cret", `)).rejects.toThrow(/^(?!.*s3cret)/);
  });

  it("merge the files of KUBECONFIG, and prefer tokenFile to token, like kubectl", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
    try {
      const [one, two] = [join(folder, "one"), join(folder, "two")];
      await writeFile(join(folder, "token"), "from the file\n");
      await writeFile(one, kubeconfig("https://one", { token: "t", tokenFile: "token" }));
      await writeFile(two, kubeconfig("https://other").replaceAll('"d"', '"e"'));
      const merged = await ambientKubeconfig({ KUBECONFIG: `${join(folder, "absent")}:${one}:${two}` });
      const { config } = await connectionOf(merged, { context: "e" });
      expect(config.getCurrentCluster()?.server).toBe("https://two");
      expect(merged.getCurrentCluster()?.server).toBe("https://one");
      const login: { headers?: Record<string, string> } = {};
      await config.applyToHTTPSOptions(login);
      expect(login.headers?.["Authorization"]?.trim()).toBe("Bearer from the file");
      await expect(ambientKubeconfig({ KUBECONFIG: join(folder, "absent") })).rejects.toThrow("absent does not exist");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
