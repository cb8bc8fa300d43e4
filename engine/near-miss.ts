/**
 * Own code: the packages for edit distances (`fastest-levenshtein`) count a swap of neighbours as two mistakes.
 *
 * The known word that the user probably meant, for messages of the form `did you mean "..."?`. Undefined if no word is
 * near. A word is near if only case and separators differ, or if at most a third of its letters are mistyped.
 */
export function nearMiss(word: string, known: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_.\s]/g, "");
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain(word), plain(candidate));
    if (
      distance <= Math.floor(Math.max(word.length, candidate.length) / 3) &&
      (best === undefined || distance < best.distance)
    ) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/** ` (did you mean "..."?)`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearMiss(word, known);
  return meant === undefined ? "" : ` (did you mean "${meant}"?)`;
}

/** Counts insertions, deletions, replacements and swaps of neighbours, each as one. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced, swapped);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
