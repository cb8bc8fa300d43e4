export interface PulumiEnvironmentOptions {
  /** Folder of the Pulumi home, the file backend and the passphrase; made when absent. */
  folder: string;
  /** Default: `ensureParts`. */
  parts?: PulumiParts;
  /** True: the sandbox's stand-in for the kubernetes plugin, also if the real plugin is installed. Default false. */
  standIn?: boolean;
  /** Default: a random one, kept in a file of mode 0600. */
  passphrase?: string;
  /** Takes the progress of `ensureParts`. */
  progress?: (line: string) => void;
}

/** Paths of programs. */
export interface PulumiParts {
  pulumi: string;
  "pulumi-language-nodejs": string;
  "pulumi-resource-kafka"?: string;
  /** Absent: the stand-in's launcher. */
  "pulumi-resource-kubernetes"?: string | undefined;
}

export interface PulumiResult {
  /** 128 + signal number when a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface PulumiRunOptions {
  cwd: string;
  /** Each complete line as it comes. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Added to the environment. */
  env?: NodeJS.ProcessEnv;
  /** Text for standard input; default none. The way for `pulumi config set --secret` to take a value that no process list shows. */
  input?: string;
  /** When it aborts, SIGINT goes to the command and the programs it runs, as with Ctrl-C. */
  signal?: AbortSignal;
  /** Milliseconds after which the run is interrupted (SIGINT) and, 20 s later, ended. Default: none. */
  limitMs?: number;
  /** Told the number of the command's process (and group) once it runs, e.g. to kill it in the middle. */
  onStart?: (pid: number) => void;
}

export interface PulumiEnvironment {
  /** Complete environment for the real command line. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `pulumi` with these arguments; a failure is an exit code, not an exception. */
  run(args: readonly string[], options: PulumiRunOptions): Promise<PulumiResult>;
}
