import { describe, expect, it } from "vitest";
import { usableCores, usableMemory } from "./cores";

const files = (texts: Record<string, string>) => (file: string) => {
  const text = texts[file];
  if (text === undefined) throw new Error("ENOENT");
  return text;
};
const v2 = (text: string) => files({ "/sys/fs/cgroup/cpu.max": text });
const v1 = (quota: string, period: string) =>
  files({ "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": quota, "/sys/fs/cgroup/cpu/cpu.cfs_period_us": period });

describe("the cores of this process", () => {
  it("are those of the machine without a limit", () => {
    expect(usableCores(4, files({}))).toBe(4);
    expect(usableCores(4, v2("max 100000\n"))).toBe(4);
    expect(usableCores(4, v1("-1\n", "100000\n"))).toBe(4);
  });

  it("are those of the container's limit, a part of one counts", () => {
    expect(usableCores(64, v2("200000 100000\n"))).toBe(2);
    expect(usableCores(64, v2("150000 100000\n"))).toBe(2);
    expect(usableCores(64, v2("50000 100000\n"))).toBe(1);
    expect(usableCores(64, v1("300000\n", "100000\n"))).toBe(3);
    expect(usableCores(2, v2("400000 100000\n"))).toBe(2);
  });
});

it("memory without a limit is not zero", () => {
  expect(usableMemory(0)).toBe(Infinity);
  expect(usableMemory(2 ** 30)).toBe(2 ** 30);
});
