// reader.js - the source beside the claim: the marked page, or the passage in its document, or its text.
import {h, fill, bringTo} from '../dom.js';
import {t, number, clockSeconds} from '../texts.js';
import {address} from '../api.js';
import {bind} from '../keys.js';
import {icon} from './icons.js';
import {problem} from './problem.js';
import {citedStack, quoteBox} from './cited.js';
import {familyIcon} from './families.js';
import {viewerOf, showWith} from '../viewers/kinds.js';
import {htmlOf} from '../viewers/html.js';
import {likeAddress} from './result.js';

let root, shell, shown = null;

export const isOpen = () => shown !== null;

// source: {document, ordinal, page, place, start, end, quote}; index/count/step: its place among the others; onclose
export function open(source, {index = 0, count = 1, step, onclose} = {}) {
  const key = `${source.document.id} ${source.page} ${source.start} ${source.end}`;
  if (shown && shown.key === key) return paintHead(source, {index, count, step});
  drop();
  shown = {key, abort: new AbortController(), stop: null, undo: [], onclose, unbind: bind({Escape: () => close()})};
  root.hidden = false;
  shell.dataset.reader = 'open';
  paintHead(source, {index, count, step});
  paintBody(source, shown);
}

function drop() {
  if (!shown) return;
  shown.abort.abort();
  if (shown.stop) shown.stop();
  shown.unbind();
  shown = null;
}

export function close() {
  if (!shown) return;
  const {onclose} = shown;
  drop();
  root.hidden = true;
  delete shell.dataset.reader;
  fill(root);
  if (onclose) onclose();
}

function stepper({index, count, step}) {
  if (!step || count < 2) return null;
  const button = (by, name, label) => h('button', {class: 'icon', onclick: () => step(by), disabled: index + by < 0 || index + by >= count,
    'aria-label': t(label), title: t(label), test: `reader-${name}`}, icon(name));
  return h('span', {class: 'stepper'}, button(-1, 'up', 'reader.previous'), h('span', {class: 'chip'}, t('reader.of', {at: index + 1, count})),
    button(1, 'down', 'reader.next'));
}

function documentAddress(source) {
  const {document, page, start, end, place} = source;
  const {version} = document;
  const at = clockSeconds(place) === null ? null : place;  // in a recording it reads "12:03-12:09"
  return address(`/documents/${document.id}`, document.paged ? {page, start, end, version} : {start, end, at, version});
}

function paintHead(source, where) {
  const head = root.querySelector('.reader-head') || root.appendChild(h('header', {class: 'reader-head', test: 'reader-head'}));
  const name = h('a', {class: 'reader-name', href: documentAddress(source), title: source.document.name, test: 'reader-name'}, source.document.name);
  fill(head, h('button', {class: 'icon narrow-only', onclick: close, 'aria-label': t('reader.close'), test: 'reader-back'}, icon('back')),
    h('span', {class: 'wide-only'}, familyIcon(source.document)), name, stepper(where), h('small', {class: 'reader-place', test: 'reader-place'}, source.place || ''),
    h('a', {class: 'button icon wide-only', href: likeAddress(source.document.id, source.ordinal), 'aria-label': t('search.like'), title: t('search.like'), test: 'reader-like'}, icon('alike')),
    h('button', {class: 'icon wide-only', onclick: close, 'aria-label': t('reader.close'), title: `${t('reader.close')} (Esc)`, test: 'reader-close'}, icon('close')));
}

function paintBody(source, own) {
  const body = h('div', {class: 'reader-body scroll', tabindex: 0, role: 'region', 'aria-label': t('reader.title'), test: 'reader-body'},
    h('div', {class: 'sheet waiting'}));
  const old = root.querySelector('.reader-body');
  if (old) old.replaceWith(body);
  else root.append(body);
  const viewer = viewerOf(source.document);
  body.dataset.viewer = viewer || '';
  const read = viewer ? viewed : source.document.paged && source.page ? pages : passage;
  const failed = (error) => {
    if (error.name !== 'AbortError') fill(body, problem(error, () => paintBody(source, own)), quoteBox(source.quote));
  };
  const reading = read(source, body, own).catch(failed);
  older(source, reading, body, own).catch(failed);
}

// The bytes of a citation are those of the file that was there when it was made.
async function older(source, reading, body, own) {
  if (!source.document.version) return;
  const {signal} = own.abort;
  const {sinceReplaced, showOlder} = await import('./versions.js');
  const sign = await sinceReplaced(source.document, signal);
  if (!sign) return;
  await reading;
  if (own.stop) own.stop();
  own.stop = await showOlder(body, source.document, {version: source.document.version, sign, signal, cited: source});
}

async function pages(source, body, own) {
  const stack = h('div', {class: 'stack'});
  const place = root.querySelector('.reader-place');
  const onpage = (page, count) => { place.textContent = t('reader.page_of', {page: number(page), count: number(count)}); };
  fill(body, stack);
  own.stop = (await citedStack(stack, source, {signal: own.abort.signal, onpage})).stop;
}

// As its kind wants to be seen; what it cannot mark stands above it.
async function viewed(source, body, own) {
  const {signal} = own.abort;
  own.stop = () => own.undo.splice(0).forEach((run) => run());
  await showWith(viewerOf(source.document), body, source.document, {signal, cited: source, undo: (run) => own.undo.push(run)});
  if (!body.querySelector('[data-cited], mark.passage')) body.prepend(quoteBox(source.quote) || '');
}

async function passage(source, body, own) {
  const {fragment} = await htmlOf(source.document, {signal: own.abort.signal, cited: source});
  const article = h('article', {class: 'book leaf-page', test: 'reader-text'});
  article.append(fragment);
  fill(body, article);
  const mark = article.querySelector('mark.passage');
  if (mark) bringTo(mark);
  else article.before(quoteBox(source.quote) || '');
}

const bytesOf = (text) => new TextEncoder().encode(text).length;

// Lines and sentences of a text as [from, to).
function sentencesOf(text) {
  const spans = [];
  let from = 0;
  for (const match of text.matchAll(/\n+|[.!?]\s+/g)) {
    const to = match.index + (match[0][0] === '\n' ? 0 : 1);
    if (to > from) spans.push([from, to]);
    from = match.index + match[0].length;
  }
  if (from < text.length) spans.push([from, text.length]);
  return spans;
}

// Of a long passage only the sentence or row that holds most of the words found is marked; places are bytes.
function closest({text, snippet, highlights, start, end}) {
  const at = snippet && highlights && highlights.length ? text.indexOf(snippet) : -1;
  if (at < 0) return {start, end, quote: text};
  const wordsIn = ([from, to]) => new Set(highlights.filter(([first]) => first + at >= from && first + at < to)
    .map(([first, last]) => snippet.slice(first, last).toLowerCase())).size;
  const spans = sentencesOf(text).map((span) => ({span, words: wordsIn(span)}));
  const best = spans.reduce((one, other) => (other.words > one.words ? other : one), {words: 0});
  if (!best.words) return {start, end, quote: text};
  const [from, to] = best.span;
  return {start: start + bytesOf(text.slice(0, from)), end: start + bytesOf(text.slice(0, to)), quote: text.slice(from, to)};
}

// A result of a search or a citation of an answer, as a source.
export function sourceOf(one) {
  const passage = one.quote === undefined ? closest(one) : {start: one.start, end: one.end, quote: one.quote};
  return {document: one.document, ordinal: one.ordinal, page: one.page, place: one.place, ...passage};
}

export function start() {
  root = document.getElementById('reader');
  shell = document.getElementById('shell');
  root.setAttribute('aria-label', t('reader.title'));
}

