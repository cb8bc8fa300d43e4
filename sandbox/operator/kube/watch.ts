/*
 * Own code: the informer of `@kubernetes/client-node` stops at the first error. The stream itself is the library's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { KubeError, typed, type Kube, type KubeObject, type Resource } from "./client";

export interface ObjectWatch {
  /** Resolves when the first list is in the cache. Rejects when the list fails. */
  readonly synced: Promise<void>;
  get(namespace: string, name: string): KubeObject | undefined;
  all(): KubeObject[];
  stop(): Promise<void>;
}

export interface WatchOptions {
  kube: Kube;
  resource: Resource;
  namespace?: string;
  labelSelector?: string;
  /** Called for each object that was added, changed or deleted, after the cache has the change. */
  onChange: (namespace: string, name: string) => void;
  progress: (line: string) => void;
}

const RETRY_MS = [200, 500, 1_000, 2_000, 5_000];

/**
 * Keeps a cache of objects by list and watch. When a watch ends, it continues from the last resource version. When the
 * server no longer knows that version (410), it lists again, so that it also notices the objects that were deleted in
 * between.
 */
export function watchObjects(options: WatchOptions): ObjectWatch {
  const { kube, resource, namespace, labelSelector } = options;
  const cache = new Map<string, KubeObject>();
  const ending = new AbortController();
  const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
  const tell = (key: string): void => {
    const slash = key.indexOf("/");
    options.onChange(key.slice(0, slash), key.slice(slash + 1));
  };

  async function relist(): Promise<string> {
    const { items, resourceVersion } = await kube.list(resource, { namespace, labelSelector });
    const seen = new Set(items.map(keyOf));
    for (const key of [...cache.keys()].filter((key) => !seen.has(key))) {
      cache.delete(key);
      tell(key);
    }
    for (const item of items) {
      const key = keyOf(item);
      const known = cache.get(key)?.metadata.resourceVersion;
      cache.set(key, typed(resource, item));
      if (known !== item.metadata.resourceVersion) tell(key);
    }
    return resourceVersion;
  }

  let firstList: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const synced = new Promise<void>((resolve, reject) => (firstList = { resolve, reject }));

  async function run(): Promise<void> {
    let version = "";
    let failures = 0;
    while (!ending.signal.aborted) {
      try {
        if (version === "") {
          version = await relist();
          firstList?.resolve();
          firstList = undefined;
        }
        let gone = false;
        await kube.watch(
          resource,
          { namespace, labelSelector, resourceVersion: version },
          (type, object) => {
            if (type === "ERROR") {
              gone = true;
              return;
            }
            version = object.metadata.resourceVersion ?? version;
            failures = 0;
            if (type === "BOOKMARK") return;
            if (type === "DELETED") cache.delete(keyOf(object));
            else cache.set(keyOf(object), object);
            tell(keyOf(object));
          },
          ending.signal,
        );
        if (gone) version = "";
      } catch (error) {
        if (ending.signal.aborted) return;
        if (firstList) {
          firstList.reject(error);
          return;
        }
        if (error instanceof KubeError && error.status === 410) version = "";
        else {
          const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
          if (failures === 1)
            options.progress(
              `operator: the watch on ${resource.plural} broke (${(error as Error).message}); trying again`,
            );
          await sleep(wait, undefined, { signal: ending.signal }).catch(() => undefined);
        }
      }
    }
  }

  const running = run();
  return {
    synced,
    get: (ns, name) => cache.get(`${ns}/${name}`),
    all: () => [...cache.values()],
    async stop() {
      ending.abort();
      await running;
    },
  };
}
