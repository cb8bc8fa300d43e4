import { readFileSync } from "node:fs";

/**
 * The largest resident set that this process had, bytes: the kernel's own mark where there is one, because `maxRSS` of a
 * forked process also counts what its parent held before the exec. In a file of its own: it is itself measured.
 */
export function peakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No /proc here.
  }
  return process.resourceUsage().maxRSS * 1024;
}
