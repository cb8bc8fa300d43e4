/** Fixes for a topic whose copy is not complete or not equal. All steps use these sentences. */

/** A topic that was deleted on the origin must not stop the migration of the others. */
export const EXCLUDE =
  "exclude the topic with mirror.topicsExcludePattern if it need not move, and continue with the others";

/** The other topics continue. Only this one is copied again. */
export const COPY_APART = "exclude the topic (mirror.topicsExcludePattern) and copy it separately";

/** All topics are copied again. */
export const COPY_ALL_AGAIN =
  "set abandon to true and run `pulumi up`, then `pulumi destroy`, delete the topic on the target, and start " +
  "the migration again";
