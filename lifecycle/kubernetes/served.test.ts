import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { dialects } from "../../components/dialects";
import { unclaimedStep as unclaimed } from "../handlers/unclaimed";

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/**
 * Starts an API server with discovery for the given kinds by API version. It has no objects. An unknown path gets a
 * 404. With `refused` every discovery request gets a 403. Returns a kubeconfig.
 */
async function discovery(kinds: Record<string, string[]>, refused = false) {
  server = createServer(({ url = "" }, response) => {
    const path = url.replace(/^\/apis\//, "");
    const versions = Object.keys(kinds).filter((one) => one.startsWith(`${path}/`));
    const answer =
      kinds[path] !== undefined
        ? { resources: kinds[path].map((name) => ({ name })) }
        : versions.length > 0
          ? { versions: versions.map((groupVersion) => ({ groupVersion })) }
          : undefined;
    response.statusCode = url.includes("/namespaces/") ? 404 : refused ? 403 : answer === undefined ? 404 : 200;
    response.end(
      url.includes("/namespaces/") &&
        (refused || url.startsWith("/api/") || kinds[url.split("/").slice(2, 4).join("/")])
        ? '{"kind":"Status","reason":"NotFound"}'
        : answer === undefined
          ? "404 page not found\n"
          : JSON.stringify(answer),
    );
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
}

const BOTH = ["kafkausers", "kafkamirrormaker2s"];
const inputs = (kubeconfig: string, apiVersion: string, kind = "KafkaUser") => ({
  place: { apiVersion, kind, namespace: "n", name: "mm2" },
  owner: "o/p/s",
  kubeconfig,
});

describe("an API version that the cluster does not serve", () => {
  test.each([
    [
      { "kafka.strimzi.io/v1beta2": BOTH },
      "KafkaUser",
      "kafka.strimzi.io/v1",
      "it serves kafka.strimzi.io/v1beta2",
      "set dialect to strimzi-v1beta2",
    ],
    [
      { "kafka.strimzi.io/v1": BOTH },
      "KafkaUser",
      "kafka.strimzi.io/v1beta2",
      "it serves kafka.strimzi.io/v1",
      "set dialect to strimzi-v1,",
    ],
    [
      { "eventstreams.ibm.com/v1": BOTH },
      "KafkaMirrorMaker2",
      "kafka.strimzi.io/v1",
      "it serves eventstreams.ibm.com/v1",
      "set dialect to event-streams-v1,",
    ],
    [
      { "eventstreams.ibm.com/v1beta1": ["kafkausers"], "eventstreams.ibm.com/v1alpha1": ["kafkamirrormaker2s"] },
      "KafkaMirrorMaker2",
      "eventstreams.ibm.com/v1beta2",
      "it serves eventstreams.ibm.com/v1alpha1",
      "set dialect to event-streams-v1beta1",
    ],
    [
      { "kafka.strimzi.io/v1alpha1": BOTH },
      "KafkaUser",
      "kafka.strimzi.io/v1",
      "it serves kafka.strimzi.io/v1alpha1",
      "no dialect of this package writes these versions",
    ],
  ] as const)(
    "of %j is reported at preview and at up, before anything is created: %s %s",
    async (kinds, kind, apiVersion, seen, fix) => {
      const news = inputs(await discovery(kinds as never), apiVersion, kind);
      const [failure] = (await unclaimed.check(undefined, news)).failures;
      for (const text of ["API_VERSION_NOT_SERVED", `does not serve ${kind} as ${apiVersion}: ${seen}`, fix])
        expect(failure?.reason).toContain(text);
      const made = unclaimed.create(news);
      await expect(made).rejects.toThrow(`does not serve ${kind} as ${apiVersion}: ${seen}`);
    },
  );

  test("without a CRD is reported by the up only, because the same program may install the CRD", async () => {
    const news = inputs(await discovery({}), "kafka.strimzi.io/v1");
    expect((await unclaimed.check(undefined, news)).failures).toEqual([]);
    await expect(unclaimed.create(news)).rejects.toThrow(
      /does not serve KafkaUser as kafka\.strimzi\.io\/v1: it has no CRD of this kind\nfix: install the operator's CRDs first/,
    );
  });

  test("is not reported for served kinds and Secrets, or if the server refuses or cannot be reached", async () => {
    const served = await discovery({ "kafka.strimzi.io/v1": BOTH, "kafka.strimzi.io/v1beta2": BOTH });
    await expect(unclaimed.create(inputs(served, "kafka.strimzi.io/v1"))).resolves.toBeDefined();
    await expect(unclaimed.create(inputs(served, "v1", "Secret"))).resolves.toBeDefined();
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    expect((await unclaimed.check(undefined, inputs(served, "kafka.strimzi.io/v9"))).failures).toEqual([]);
    const refusing = await discovery({}, true);
    expect((await unclaimed.check(undefined, inputs(refusing, "kafka.strimzi.io/v1"))).failures).toEqual([]);
    await expect(unclaimed.create(inputs(refusing, "kafka.strimzi.io/v1"))).resolves.toBeDefined();
  });

  test("is reported with the dialect that writes the served version, for every dialect", async () => {
    for (const { name, userApiVersion, mirrorApiVersion } of Object.values(dialects)) {
      const kinds = {
        [userApiVersion]: ["kafkausers"],
        ...(mirrorApiVersion === userApiVersion
          ? { [userApiVersion]: BOTH }
          : { [mirrorApiVersion]: ["kafkamirrormaker2s"] }),
      };
      const kubeconfig = await discovery(kinds);
      for (const kind of ["KafkaUser", "KafkaMirrorMaker2"]) {
        const [failure] = (await unclaimed.check(undefined, inputs(kubeconfig, "kafka.strimzi.io/v9", kind))).failures;
        expect(failure?.reason, `${kind} ${name}`).toContain(`set dialect to ${name},`);
      }
      await new Promise<void>((resolve) => server!.close(() => resolve()));
    }
    server = undefined;
  });
});
