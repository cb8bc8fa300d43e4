import { request } from "node:https";
import type { Kubernetes } from "../kubernetes";

const LISTS = [
  "/apis/kafka.strimzi.io/v1/kafkausers",
  "/apis/kafka.strimzi.io/v1/kafkamirrormaker2s",
  "/api/v1/secrets",
];

/** Users, mirrors and secrets of the whole API server as `kind namespace/name`; the clusters' own CA secrets are not the migration's. */
export async function kubernetesObjects(kubernetes: Kubernetes): Promise<string[]> {
  const lists = await Promise.all(LISTS.map((path) => get(kubernetes, path)));
  return lists
    .flatMap((list) => list.items.map((item) => `${list.kind.replace(/List$/, "")} ${item.metadata.namespace}/${item.metadata.name}`))
    .filter((object) => !/^Secret (origin-ns\/origin|target-ns\/target)-(cluster|clients)-ca(-cert)?$/.test(object));
}

/** Every password in a Secret, in plain text. */
export async function secretPasswords(kubernetes: Kubernetes): Promise<string[]> {
  const { items } = await get(kubernetes, "/api/v1/secrets");
  return items.flatMap((item) => (item.data?.["password"] === undefined ? [] : [Buffer.from(item.data["password"], "base64").toString("utf8")]));
}

interface List {
  kind: string;
  items: { metadata: { namespace: string; name: string }; data?: Record<string, string> }[];
}

function get({ server, token, ca }: Kubernetes, path: string): Promise<List> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, server), { ca, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")) as List);
        else reject(new Error(`GET ${path}: ${response.statusCode}`));
      });
    });
    call.on("error", reject);
    call.end();
  });
}
