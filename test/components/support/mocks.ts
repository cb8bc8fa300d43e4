import * as pulumi from "@pulumi/pulumi";

export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, any>;
  id?: string;
  provider?: string;
}

/** A Pulumi engine that only takes notes, and answers as the operator, the API server and the Kafka plugin would. */
export function recordingMocks(config: Record<string, string> = {}) {
  const declared: Declared[] = [];
  pulumi.runtime.setAllConfig(config);
  const ready = pulumi.runtime.setMocks({
    newResource(args) {
      declared.push({ type: args.type, name: args.name, inputs: args.inputs, id: args.id, provider: args.provider });
      return { id: args.id || `${args.name}-id`, state: { ...args.inputs, ...answers(args) } };
    },
    call: (args) => args.inputs,
  }, "project", "stack", false, "organization");
  return { declared, ready, only: (type: string) => declared.filter((d) => d.type.includes(type)) };
}

function answers({ type, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
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
  if (type.endsWith(":Gate")) return { ends: { orders: { target: "orders", originEnds: [3, 0], targetEnds: [5, 0] } } };
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
