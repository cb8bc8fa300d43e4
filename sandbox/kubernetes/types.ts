export interface KubernetesOptions {
  /** Folder of etcd and the API server. Created if absent. */
  folder: string;
  /** Paths of the parts. Default: `ensureParts`. */
  parts?: KubernetesParts;
  progress: (line: string) => void;
}

/** Paths of two programs and of the folder with the CRDs' YAML files. */
export interface KubernetesParts {
  etcd: string;
  "kube-apiserver": string;
  "strimzi-crds": string;
}

export interface Kubernetes {
  /** Path of a kubeconfig (mode 0600) that verifies the server by its CA. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:port`. */
  readonly server: string;
  /** Bearer token of a cluster administrator. */
  readonly token: string;
  /** PEM certificate of the API server's CA. */
  readonly ca: string;
  /** Creates a namespace. An existing namespace is not an error. */
  createNamespace(name: string): Promise<void>;
  stop(): Promise<void>;
}
