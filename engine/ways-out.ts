/** What can be done about a topic whose copy is not one, in the words that all steps use. */

/** A topic that was deleted on the origin is no reason to give up the others. */
export const EXCLUDE = "exclude a topic that need not move with mirror.topicsExcludePattern and let the others go on";

/** The others go on, and this one is copied once more. */
export const COPY_APART = "leave the topic out (mirror.topicsExcludePattern) and copy it by itself";

/** Everything is copied once more. */
export const COPY_ALL_AGAIN =
  "set abandon to true and run `pulumi up`, then `pulumi destroy`, delete the topic on the target, and start the migration again";
