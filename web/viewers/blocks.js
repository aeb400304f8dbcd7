// blocks.js - a document's blocks (headings, rows, lines, words spoken), a part at a time.
import {get} from '../api.js';

export const STEP = 300;

// reader(id, {first, end, start}): next() gives the blocks that follow, and null after the last. `start` is a byte of the text:
// the blocks begin a little before the one that holds it.
export function reader(id, {first = 0, end = Infinity, signal} = {}) {
  let at = first;
  let over = false;
  return {
    async next(count = STEP) {
      if (over || at >= end) return null;
      const page = await get(`/v1/documents/${id}/blocks`, {after: at || null, limit: Math.min(count, end - at)}, signal);
      at = page.next ? Number(page.next) : Infinity;
      over = !page.next;
      return page.items;
    },
    isOver: () => over || at >= end,
  };
}

// All of them, up to `most`.
export async function allBlocks(id, {most = 20000, signal} = {}) {
  const source = reader(id, {signal});
  const items = [];
  while (items.length < most) {
    const next = await source.next(1000);
    if (!next) break;
    items.push(...next);
  }
  return items;
}

// The ordinal of the block that holds a byte of the text.
export async function ordinalAt(id, start, signal) {
  const {items} = await get(`/v1/documents/${id}/blocks`, {start, limit: 1}, signal);
  return items.length ? items[0].ordinal : 0;
}

export const holds = (block, start, end) => block.start < Math.max(end, start + 1) && block.start + block.length > start;
