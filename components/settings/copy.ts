import { LEAST_SHARE } from "../../engine/copy-throttle/decide";
import { whole } from "../../engine/setting";

/** How much the mirror copies. */

export const copyShape = {
  /**
   * Bytes per second that the mirror copies in phase `mirror`, in total: a quota of its user on both clusters, at least
   * 131072 for each broker (docs/throttle.md). Lifted before a cutover.
   * @default no limit
   */
  throttleBytesPerSecond: whole(LEAST_SHARE).optional(),
};
