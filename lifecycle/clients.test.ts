import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Progress } from "../engine/progress";
import { clientPasswordsStep } from "./handlers/client-passwords";
import { clientsCaStep } from "./handlers/clients-ca";
import { clientsReadyStep, unclaimedClientsStep } from "./handlers/clients-kubernetes";
import { clientsStayStep } from "./handlers/clients-stay";

/** An API server with these objects, by path. */
let server: Server;
let objects: Record<string, object> = {};
let kubeconfig = "";
const lines: string[] = [];
const progress: Progress = {
  info: (line) => void lines.push(`info: ${line}`),
  warn: (line) => void lines.push(`warning: ${line}`),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    const object =
      path.endsWith("/kafkausers") || path.endsWith("/kafkausers/")
        ? { items: Object.entries(objects).flatMap(([key, one]) => (key.includes("/kafkausers/") ? [one] : [])) }
        : objects[path];
    response.statusCode = object === undefined ? 404 : 200;
    response.end(JSON.stringify(object ?? { message: "not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
  });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  objects = {};
  lines.length = 0;
});

const apiVersion = "kafka.strimzi.io/v1";
const userPath = (name: string, namespace = "target-ns") =>
  `/apis/${apiVersion}/namespaces/${namespace}/kafkausers/${name}`;
const secretPath = (name: string, namespace = "target-ns") => `/api/v1/namespaces/${namespace}/secrets/${name}`;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const failure = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("passwords of the origin's Secrets", () => {
  const inputs = () => ({
    apiVersion,
    users: ["a", "b"].map((name) => ({ name, namespace: "origin-ns" })),
    kubeconfig,
  });
  const secret = (password: string) => ({ metadata: {}, data: { password: base64(password) } });

  test("are found with the prefix that the user's status shows", async () => {
    objects[userPath("a", "origin-ns")] = { metadata: { name: "a" }, status: { secret: "kafka-a" } };
    objects[secretPath("kafka-a", "origin-ns")] = secret("one");
    objects[secretPath("b", "origin-ns")] = secret("two");
    const { outs } = await clientPasswordsStep.create(inputs());
    expect(outs.passwords).toEqual({ a: base64("one"), b: base64("two") });
  });

  test("that are missing are named together, at preview, too", async () => {
    objects[secretPath("b", "origin-ns")] = { metadata: {}, data: { "user.crt": "x" } };
    const { failures } = await clientPasswordsStep.check(undefined, inputs());
    for (const said of [await failure(clientPasswordsStep.create(inputs())), failures[0]?.reason ?? ""]) {
      expect(said).toContain("SECRET_MISSING: 2 passwords of applications' users could not be read");
      expect(said).toContain("user a: Secret origin-ns/a does not exist");
      expect(said).toContain('user b: Secret origin-ns/b has no key "password"');
    }
  });

  test("stay as they were when the origin is gone, and change when a Secret changes", async () => {
    for (const name of ["a", "b"]) objects[secretPath(name, "origin-ns")] = secret(name);
    const { id, outs } = await clientPasswordsStep.create(inputs());
    expect(await clientPasswordsStep.diff(id, outs, inputs())).toEqual({ changes: false });
    objects[secretPath("a", "origin-ns")] = secret("rotated");
    expect(await clientPasswordsStep.diff(id, outs, inputs())).toEqual({ changes: true });
    objects = {};
    expect(await clientPasswordsStep.diff(id, outs, inputs())).toEqual({ changes: false });
    const updated = await clientPasswordsStep.handler.update(outs as never, inputs() as never, progress);
    expect(updated).toEqual({ passwords: { a: base64("a"), b: base64("b") } });
    expect(lines[0]).toContain("the origin's Secret of user a is gone");
  });
});

describe("the clients CAs of both clusters", () => {
  const [first = "", second = ""] = rootCertificates;
  const ca = (...certificates: string[]) => ({ metadata: {}, data: { "ca.crt": base64(certificates.join("\n")) } });
  const compare = async (users: object = { users: ["web"] }) => {
    const place = (side: string) => ({ namespace: `${side}-ns`, name: `${side}-clients-ca-cert`, kubeconfig });
    const inputs = { ...users, origin: place("origin"), target: place("target") };
    expect(await clientsCaStep.handler.previewFailures!(inputs as never, undefined, progress)).toEqual([]);
    return lines.join("\n");
  };
  const put = (side: string, secret: object) => {
    objects[secretPath(`${side}-clients-ca-cert`, `${side}-ns`)] = secret;
  };

  test("say nothing of certificates of somebody else if they are the same, and warn if not", async () => {
    const external = { users: [], external: ["own"] };
    put("origin", ca(first));
    expect(await compare(external)).toMatch(
      /^warning: 1 user with certificates of somebody else \(own\).*could not be/,
    );
    put("target", ca(second));
    expect(await compare(external)).toMatch(/only if it trusts the authority.*has another clients CA; give the target/);
    lines.length = 0;
    put("target", ca(first));
    expect(await compare(external)).toBe("");
  });

  test("that are the same keep the certificates valid", async () => {
    put("origin", ca(first));
    put("target", ca(second, first));
    expect(await compare()).toMatch(/^info: 1 user with client certificates \(web\): their certificates stay valid/);
  });

  test("that differ are a warning that names the users and says what to do", async () => {
    put("origin", ca(first));
    put("target", ca(second));
    expect(await compare()).toMatch(
      /^warning: .*\(web\): the target has another clients CA and refuses .*give the target/,
    );
  });

  test("that cannot be read are a warning, not an error", async () => {
    put("origin", ca(first));
    expect(await compare()).toContain(
      "could not be checked (Secret target-ns/target-clients-ca-cert has no certificate)",
    );
  });
});

describe("users of applications on the target", () => {
  const ready = (name: string, status: "Ready" | "NotReady", message = "") => ({
    metadata: { name, generation: 1 },
    status: { observedGeneration: 1, conditions: [{ type: status, status: "True", reason: "R", message }] },
  });
  const inputs = () => ({ apiVersion, namespace: "target-ns", users: ["a", "b", "c"], limitSeconds: 1, kubeconfig });

  test("that are not ready are named together, with the operator's messages", async () => {
    objects[userPath("a")] = ready("a", "Ready");
    objects[userPath("b")] = ready("b", "NotReady", "wrong rule");
    const said = await failure(clientsReadyStep.create(inputs()));
    expect(said).toContain("RESOURCE_NOT_READY: 2 of 3 users of applications are not ready on the target");
    expect(said).toContain("KafkaUser target-ns/b is not ready: R: wrong rule");
    expect(said).toContain("KafkaUser target-ns/c is not on");
  });

  test("are checked again when one is no longer ready", async () => {
    for (const name of ["a", "b", "c"]) objects[userPath(name)] = ready(name, "Ready");
    const { id, outs } = await clientsReadyStep.create(inputs());
    expect(await clientsReadyStep.diff(id, outs, inputs())).toEqual({ changes: false });
    objects[userPath("b")] = ready("b", "NotReady");
    expect(await clientsReadyStep.diff(id, outs, inputs())).toEqual({ changes: true });
  });

  test("are not taken from somebody else, and a Secret that the operator would overwrite is protected", async () => {
    const owner = "o/p/s";
    const mine = { metadata: { annotations: { "pulumi-kafka-migration/stack": owner } } };
    objects[userPath("a")] = mine;
    objects[userPath("b")] = { metadata: { annotations: { "pulumi-kafka-migration/stack": "o/p/other" } } };
    objects[secretPath("a")] = { metadata: {} };
    objects[secretPath("b")] = { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } };
    objects[secretPath("a-client-password")] = mine;
    const { limitSeconds: _l, ...where } = inputs();
    const secrets = ["a-client-password", "b-client-password"];
    const cluster = { name: "target", everyoneByDefault: false };
    const said = await failure(
      unclaimedClientsStep.create({ ...where, owner, withSecret: ["a", "b", "c"], secrets, cluster, secretPrefix: "" }),
    );
    expect(said).toContain("OBJECT_TAKEN: 2 objects of the applications' users already exist");
    expect(said).toContain("KafkaUser target-ns/b belongs to stack o/p/other");
    expect(said).toContain("Secret target-ns/a was not created by a stack of this kind");
    expect(said).toContain(`pulumi-kafka-migration/stack=${owner}`);
  });

  test("stay, and a line says so: when they leave the list and when the migration ends", async () => {
    const before = { where: "Kafka target-ns/target", users: ["a", "b"] };
    await clientsStayStep.handler.describeUpdate!(before, { ...before, users: ["a"] }, progress);
    await clientsStayStep.handler.remove({ ...before, users: ["a"] }, progress);
    expect(lines).toEqual([
      "info: no longer declared: 1 user of applications stays on Kafka target-ns/target, with its passwords, ACLs and " +
        "quotas: b; delete there what nobody needs",
      "info: 1 user of applications stays on Kafka target-ns/target, with its passwords, ACLs and quotas: a",
    ]);
  });
});
