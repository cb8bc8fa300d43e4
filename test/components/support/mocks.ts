import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, any>;
  id?: string;
  provider?: string;
  /** What the resource ends up with. */
  state: Record<string, unknown>;
  /** Outputs that are secret whatever the inputs are. */
  secretOutputs: string[];
  /** Names of the resources that it is created after, sorted. Without components and providers. */
  after: string[];
}

/**
 * Pulumi keeps a stack trace for each promise, to name those that never end. vitest maps each line of it, which takes
 * an eighth of the tests' time.
 */
export function withoutTraces(): void {
  const debuggable = createRequire(__filename)("@pulumi/pulumi/runtime/debuggable") as Record<string, unknown>;
  debuggable.debuggablePromise = (promise: unknown) => promise;
}

/** A Pulumi engine that only takes notes, and answers as the operator, the API server and the Kafka plugin would. */
export function recordingMocks(config: Record<string, string> = {}) {
  withoutTraces();
  const declared: Declared[] = [];
  const noted = new Map<string, Noted>();
  pulumi.runtime.setAllConfig(config);
  const ready = pulumi.runtime.setMocks(
    {
      newResource(args) {
        const { type, name, inputs, id, provider } = args;
        const state = { ...inputs, ...answers(args) };
        declared.push({
          type,
          name,
          inputs,
          id,
          provider,
          state,
          ...(noted.get(`${type} ${name}`) ?? { secretOutputs: [], after: [] }),
        });
        return { id: id || `${name}-id`, state };
      },
      call: (args) => args.inputs,
    },
    "project",
    "stack",
    false,
    "organization",
  );
  noteRequests(noted);
  return { declared, ready, only: (type: string) => declared.filter((d) => d.type.includes(type)) };
}

type Noted = Pick<Declared, "secretOutputs" | "after">;

/** Pulumi's mocks do not receive the secret outputs and the dependencies of a resource. The request has them. */
function noteRequests(noted: Map<string, Noted>): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Registration, ...rest: unknown[]): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    const after = request.getDependenciesList().flatMap((urn) => {
      const [type = "", name = ""] = urn.split("::").slice(-2);
      return /:components:|:providers:/.test(type.split("$").at(-1)!) ? [] : [name];
    });
    noted.set(`${request.getType()} ${request.getName()}`, {
      secretOutputs: request.getAdditionalsecretoutputsList(),
      after: [...new Set(after)].sort(),
    });
    return register(request, ...rest);
  };
}

interface Registration {
  getType(): string;
  getName(): string;
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
}

export function answers({
  type,
  inputs,
}: Pick<pulumi.runtime.MockResourceArgs, "type" | "inputs">): Record<string, unknown> {
  if (type.endsWith(":Ready")) {
    const { namespace, name } = inputs.place;
    return { objectId: `${namespace}/${name}`, username: name, secretId: `${namespace}/${name}` };
  }
  if (type.endsWith(":SecretValues")) {
    const kept: Record<string, string> = {
      password: base64(`password of ${inputs.secretId}`),
      "ca.crt": base64(`CA of ${inputs.secretId}`),
      "user.crt": base64(`certificate of ${inputs.secretId}`),
      "user.key": base64(`key of ${inputs.secretId}`),
    };
    return { values: Object.fromEntries(inputs.keys.map((key: string) => [key, kept[key]])) };
  }
  if (type.endsWith(":ClientPasswords"))
    return {
      passwords: Object.fromEntries(
        opened(inputs.users).map((user: { name: string; namespace: string }) => [
          user.name,
          base64(`password of ${user.namespace}/${user.name}`),
        ]),
      ),
    };
  if (type.endsWith(":Gate")) return { ends: { orders: { target: "orders", originEnds: [3, 0], targetEnds: [5, 0] } } };
  if (type.endsWith(":WayBack")) return { openedAt: "2026-01-01T00:00:00.000Z" };
  if (type.endsWith(":CopyShares")) {
    const brokers = { origin: 1, target: 3 };
    return { brokers, shares: { origin: inputs.bytesPerSecond, target: Math.floor(inputs.bytesPerSecond / 3) } };
  }
  if (type.endsWith(":Password")) return { password: "a made password" };
  return {};
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** What mocks hand over in place of a secret, opened. */
export function opened(value: any): any {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value) return opened(value.value);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, opened(v)]));
}
