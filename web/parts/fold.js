// fold.js - neighbouring passages of one document overlap, and may show nearly the same lines: the best of them stands for all.

const ALIKE = 0.6;  // of the words of both snippets

const wordsOf = (one) => new Set((one.snippet || one.text || '').toLowerCase().match(/[\p{L}\p{N}]+/gu) || []);

function isAlike(one, other) {
  const [few, many] = [wordsOf(one), wordsOf(other)].sort((a, b) => a.size - b.size);
  const both = [...few].filter((word) => many.has(word)).length;
  return both > 0 && both >= ALIKE * (few.size + many.size - both);
}

const isBeside = (one, other) => Math.abs(one.ordinal - other.ordinal) <= 1 || (one.start < other.end && other.start < one.end);

// The results that stand for themselves, in their order; each has the others as `alike`, and the place it was found at as `rank`.
export function folded(results, offset = 0) {
  const shown = [];
  results.forEach((result, i) => {
    const leader = shown.find((one) => one.document.id === result.document.id && [one, ...one.alike].some((other) => isBeside(other, result) && isAlike(other, result)));
    if (leader) leader.alike.push(result);
    else shown.push({...result, alike: [], rank: offset + i + 1});
  });
  return shown;
}
