/** A broker gets another connection when each of its connections has this many requests in progress. */
const PER_LANE = 2;
/** Most connections to one broker. */
const MOST_LANES = 8;

/**
 * Spreads requests over several connections to one broker. A broker handles the requests of one connection one after
 * the other (SocketServer mutes the connection until the response is sent). Requests that wait for replicas would
 * therefore wait for each other on one connection.
 */
export class Lanes {
  private readonly underWay = new Map<string, number[]>();
  private most = MOST_LANES;

  /**
   * Runs the work on the first connection that has room, or on the one with the fewest requests.
   * @param address the broker's address
   * @param work gets the number of the connection. 0 is the connection for all other requests
   */
  async use<T>(address: string, work: (lane: number) => Promise<T>): Promise<T> {
    const counts = this.underWay.get(address) ?? [];
    this.underWay.set(address, counts);
    const lane = choose(counts, this.most);
    counts[lane] = (counts[lane] ?? 0) + 1;
    try {
      return await work(lane);
    } finally {
      counts[lane]!--;
    }
  }

  /** A broker accepted no further connection, so from now on each broker gets only one. */
  refused(): void {
    this.most = 1;
  }
}

function choose(counts: readonly number[], most: number): number {
  const open = Array.from({ length: Math.min(most, counts.length + 1) }, (_, i) => counts[i] ?? 0);
  const room = open.findIndex((count) => count < PER_LANE);
  return room >= 0 ? room : open.indexOf(Math.min(...open));
}
