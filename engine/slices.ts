/**
 * Divides a list into parts of at most `size`, in order. For work that holds much more of each item than the list does.
 */
export function* slices<T>(all: Iterable<T>, size: number): Iterable<T[]> {
  let slice: T[] = [];
  for (const one of all) {
    if (slice.length === size) {
      yield slice;
      slice = [];
    }
    slice.push(one);
  }
  if (slice.length > 0) yield slice;
}
