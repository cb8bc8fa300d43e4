/** Fixes for a topic whose copy is not complete or not equal. All steps use these sentences. */

/** A topic that was deleted on the origin must not stop the migration of the others. */
export const EXCLUDE = "exclude a topic that need not move with mirror.topicsExcludePattern and let the others go on";

/** The other topics continue. Only this one is copied again. */
export const COPY_APART = "leave the topic out (mirror.topicsExcludePattern) and copy it by itself";

/** All topics are copied again. */
export const COPY_ALL_AGAIN =
  "set abandon to true and run `pulumi up`, then `pulumi destroy`, delete the topic on the target, and start the migration again";
