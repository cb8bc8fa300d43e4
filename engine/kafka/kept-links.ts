import type { Link } from "./link";

/**
 * Keeps the connections of a closed port for the next port of the same cluster and login. The steps of a cutover open
 * and close ports one after the other while clients wait, and each login takes several round trips per broker.
 *
 * Off by default: a process with other tasks must not hold connections that nobody closes.
 */
let keepMs = 0;

interface Kept {
  link: Link;
  timer: NodeJS.Timeout;
}

const kept = new Map<string, Kept[]>();

/**
 * Keeps connections for `ms` after their port is closed. 0 (the default): closes them with the port, and closes those
 * that are kept.
 */
export async function keepLinks(ms: number): Promise<void> {
  keepMs = ms;
  if (ms > 0) return;
  const all = [...kept.values()].flat();
  kept.clear();
  await Promise.all(
    all.map(({ link, timer }) => {
      clearTimeout(timer);
      return link.close();
    }),
  );
}

/** How long connections are kept after their port is closed, ms. 0: they are not. */
export const keptMs = (): number => keepMs;

/** Keeps the connection if this is switched on and another port could use it. @returns false: close it */
export function keep(link: Link): boolean {
  if (keepMs === 0 || !link.idle) return false;
  const key = `${link.login} ${link.address}`;
  const one: Kept = {
    link,
    timer: setTimeout(() => {
      forget(key, one);
      void link.close();
    }, keepMs),
  };
  one.timer.unref();
  link.rest();
  kept.set(key, [...(kept.get(key) ?? []), one]);
  return true;
}

/** Returns a kept connection to this address that can still be used. */
export function takeKept(login: string, address: string): Link | undefined {
  const key = `${login} ${address}`;
  for (const one of kept.get(key) ?? []) {
    forget(key, one);
    clearTimeout(one.timer);
    if (one.link.usable) return one.link;
    void one.link.close();
  }
  return undefined;
}

function forget(key: string, one: Kept): void {
  const left = (kept.get(key) ?? []).filter((other) => other !== one);
  if (left.length === 0) kept.delete(key);
  else kept.set(key, left);
}
