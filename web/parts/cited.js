// cited.js - pages of a document with the cited passage marked: beside an answer, and in the view of the document.
import {h, fill, topIn} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';
import {pageStack, loadMarked} from './picture.js';

const BLOCKS = 40;  // a passage has no more

export const quoteBox = (quote) => quote && h('blockquote', {class: 'quote-box', test: 'reader-quote'}, h('small', {}, t('reader.quote')), h('mark', {}, quote));

// Fills `stack` and goes to the page of the source: {document, page, place, quote}. Returns what pageStack() does.
export async function citedStack(stack, source, {signal, onpage, version}) {
  const body = stack.closest('.scroll');
  const fetchOne = (frame, page, width) => {
    if (page !== source.page) return false;
    showMarked(source, {frame, width, body, version, signal}).catch((error) => {
      if (error.name !== 'AbortError') fill(frame, problem(error), quoteBox(source.quote));
    });
    return true;
  };
  const made = await pageStack(stack, source.document.id, {signal, onpage, fetchOne, version});
  const frame = made.frames[source.page - 1];
  if (frame) body.scrollTop = topIn(frame, body) - 16;
  return made;
}

async function showMarked(source, {frame, width, body, version, signal}) {
  const {marked, top} = await loadMarked(frame.querySelector('img'), source.document.id, source.page, {width, quote: source.quote, version, signal});
  frame.dataset.loaded = 'yes';
  frame.dataset.marked = marked;
  // A passage that the page's own letters do not show (a scan, a table) is still shown, above the page.
  if (!marked && source.quote) return onNextPage(source, {frame, width, body, version, signal});
  if (top !== null) {
    const y = topIn(frame, body) + top * frame.offsetHeight;
    const visible = y > body.scrollTop + 20 && y < body.scrollTop + body.clientHeight * 0.75;
    if (!visible) body.scrollTop = y - body.clientHeight / 3;
  }
}

// A passage may begin on one page and hold the words on the next.
async function onNextPage(source, {frame, width, body, version, signal}) {
  const next = frame.nextElementSibling;
  const runsOn = /\d\s*[-–]\s*\d/.test(source.place || '') && next && !source.next;
  if (!runsOn) return (source.first || frame).before(quoteBox(source.quote));
  next.dataset.asked = 'yes';
  return showMarked({...source, page: source.page + 1, next: true, first: frame}, {frame: next, width, body, version, signal});
}

// The bytes [start, end) of a block, as text.
function within(block, {start, end}) {
  const bytes = new TextEncoder().encode(block.text);
  return new TextDecoder().decode(bytes.slice(Math.max(0, start - block.start), Math.max(0, end - block.start)));
}

// A passage of bytes [start, end) of a document that has pages, as a source; null where no page has it.
export async function pageOf(document, passage, {signal, version}) {
  const {items} = await get(`/v1/documents/${document.id}/blocks`, {start: passage.start, limit: BLOCKS, version}, signal).catch(() => ({items: []}));
  const inside = items.filter((one) => one.length > 0 && one.place && one.place.page && one.start < passage.end);
  if (!inside.length) return null;
  const {page} = inside[0].place;
  return {document, page, quote: inside.filter((one) => one.place.page === page).map((one) => within(one, passage)).join(' ')};
}
