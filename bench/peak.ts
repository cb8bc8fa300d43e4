import { readFileSync } from "node:fs";

/**
 * The largest resident set of this process so far, in bytes. Uses the kernel's own value (VmHWM) where there is one:
 * `maxRSS` of a forked process also counts the memory that its parent held before the exec. This function has its own
 * file because loading a larger module would change the measured memory.
 */
export function peakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // There is no /proc here.
  }
  return process.resourceUsage().maxRSS * 1024;
}
