import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Number of cores that this process may use, at least 1. Node before 22.12 does not know the CPU limit of a container
 * (`resources.limits.cpu` of a pod).
 * @param read returns the text of a file. Throws if there is none
 */
export function usableCores(
  known = availableParallelism(),
  read = (file: string) => readFileSync(file, "utf8"),
): number {
  const numbers = (...files: string[]) => {
    try {
      return files.flatMap((file) => read(file).trim().split(" ")).map(Number);
    } catch {
      return [];
    }
  };
  const limits = [
    numbers("/sys/fs/cgroup/cpu.max"),
    numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
  ].map(([quota, period]) => Math.ceil(quota! / period!));
  // No limit is "max" in cgroup v2 and -1 in v1.
  return Math.max(1, Math.min(known, ...limits.filter((limit) => limit > 0)));
}

/** Bytes of memory that the container of this process may use. Infinity: no limit is known. */
export function usableMemory(constrained: number | undefined = process.constrainedMemory()): number {
  return constrained === undefined || constrained === 0 ? Infinity : constrained;
}
