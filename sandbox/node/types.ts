import type { Kubernetes } from "../kubernetes/types";

export interface NodeOptions {
  kubernetes: Kubernetes;
  /** Folder of the pods: their mounts, messages and logs. */
  folder: string;
  /** Path of kube-controller-manager. Default: `ensureParts`. */
  controllerManager?: string;
  /** The entry point of each image that can be pulled, as a command on this machine. */
  images: Readonly<Record<string, readonly string[]>>;
  progress: (line: string) => void;
}

export interface SandboxNode {
  /** The pods whose process runs now. */
  running(): { namespace: string; name: string; pid: number }[];
  /** Kills the process of a pod (SIGKILL), as the kernel does if memory runs out. */
  kill(namespace: string, name: string): Promise<void>;
  /** Asks the API server to evict a pod, as `kubectl drain` does. */
  evict(namespace: string, name: string): Promise<void>;
  /** What the pod's process wrote to its standard output and error. */
  log(namespace: string, name: string): string;
  stop(): Promise<void>;
}

/** The fields of a pod that are used here. */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: {
    nodeName?: string;
    nodeSelector?: Record<string, string>;
    containers: Container[];
    volumes?: { name: string; secret?: { secretName: string; defaultMode?: number } }[];
  };
  status?: { phase?: string };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
  volumeMounts?: { name: string; mountPath: string }[];
  terminationMessagePath?: string;
  terminationMessagePolicy?: "File" | "FallbackToLogsOnError";
}
