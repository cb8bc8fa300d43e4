import { vi } from "vitest";

/** What a step says, where no engine listens. */
export async function said(work: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return lines.join("");
}
