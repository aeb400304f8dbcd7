// answer.js - an answer as it grows: steps, words with [1] chips, its sources as rows. A chip, its row and its mark share
// one state: the number of the source that is open, kept by the caller.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {scoreBar} from './score.js';

const MARK = /\[(\d{1,3})\]/g;

// The spans of `text` that the server says no passage supports, and what stands around the words of a quote that answer,
// in order.
function spansIn(text, sentences) {
  const spans = [];
  let at = 0;
  for (const sentence of sentences || []) {
    const start = text.indexOf(sentence.text, at);
    if (start < 0) continue;
    at = start + sentence.text.length;
    if (sentence.supported === false) spans.push({start, end: at, kind: 'unsupported'});
    const key = sentence.key ? start + sentence.text.indexOf(sentence.key) : -1;
    if (key < start) continue;
    spans.push({start, end: key, kind: 'around'}, {start: key + sentence.key.length, end: at, kind: 'around'});
  }
  return spans;
}

function chip(number, known) {
  if (!known.has(number)) return `[${number}]`;
  return h('button', {class: 'cite', 'aria-pressed': 'false', data: {number}, test: `cite-${number}`,
                      'aria-label': t('answer.source', {number})}, number);
}

// **bold**, *emphasis* and `code`: what models write inside a line.
function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return h('strong', {}, part.slice(2, -2));
    if (/^`.+`$/.test(part)) return h('code', {}, part.slice(1, -1));
    return part;
  });
}

function withChips(text, known) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    // A chip stays on the line of the word it proves.
    parts.push(inline(text.slice(at, match.index).replace(/ $/, '\u00a0')), chip(Number(match[1]), known));
    at = match.index + match[0].length;
  }
  parts.push(inline(text.slice(at)));
  return parts;
}

function marked(kind, parts) {
  if (kind === 'around') return h('span', {class: 'around'}, parts);
  return h('span', {class: 'unsupported', title: t('answer.unsupported')}, parts, h('span', {class: 'unseen'}, ` (${t('answer.unsupported')})`));
}

// One line of the answer; the parts of it that nothing supports are underlined and say so, what stands around the words that
// answer steps back.
function line(text, offset, spans, known) {
  const parts = [];
  let at = 0;
  for (const {start, end, kind} of spans) {
    const from = Math.max(0, start - offset);
    const to = Math.min(text.length, end - offset);
    if (to <= at || from >= text.length) continue;
    parts.push(withChips(text.slice(at, from), known));
    parts.push(marked(kind, withChips(text.slice(from, to), known)));
    at = to;
  }
  parts.push(withChips(text.slice(at), known));
  return parts;
}

const SHAPES = [
  [/^\s*[-*•]\s+/, 'ul', 'li'], [/^\s*\d+[.)]\s+/, 'ol', 'li'], [/^\s*>\s?/, 'blockquote', 'p'], [/^#{1,6}\s+/, null, 'h3'],
];

// Paragraphs, lists, quotes and headings; everything else is a paragraph.
export function prose(text, sentences, known) {
  const spans = spansIn(text, sentences);
  const blocks = [];
  let offset = 0;
  for (const raw of text.split('\n')) {
    const shape = SHAPES.find(([pattern]) => pattern.test(raw));
    const skip = shape ? raw.match(shape[0])[0].length : 0;
    const body = raw.slice(skip);
    if (body.trim()) {
      const one = h(shape ? shape[2] : 'p', {}, line(body, offset + skip, spans, known));
      const last = blocks.at(-1);
      if (shape && shape[1] && last && last.tagName === shape[1].toUpperCase()) last.append(one);
      else blocks.push(shape && shape[1] ? h(shape[1], {}, one) : one);
    }
    offset += raw.length + 1;
  }
  return blocks;
}

export const keyOf = (source) => `${source.document.id}:${source.start}:${source.end}`;

function row(source, number) {
  const place = [source.place, source.heading].filter(Boolean).join(' · ');
  return h('button', {class: 'source', role: 'listitem', data: {number: number || '', key: keyOf(source)}, test: number ? `source-${number}` : 'source-read', tabindex: -1},
    h('span', {class: 'cite', 'aria-hidden': 'true'}, number || '·'),
    h('span', {class: 'source-words'}, h('span', {class: 'source-name'}, source.document.name), h('small', {}, place)), scoreBar(source.score));
}

// Rows: what is cited, then what was read and not cited. Returns {element, sources in the order of the rows}.
export function sourceRows(message) {
  const cited = message.citations || [];
  const isCited = (one) => cited.some((other) => other.document.id === one.document.id && other.start >= one.start && other.end <= one.end);
  const read = (message.sources || []).filter((one) => !isCited(one));
  const title = message.refused || message.found === false ? t('answer.nearest') : t('answer.also_read');
  const element = h('div', {class: 'sources', test: 'sources'},
    cited.length > 0 && h('div', {class: 'source-list', role: 'list', 'aria-label': t('answer.sources')}, cited.map((one) => row(one, one.number))),
    read.length > 0 && h('details', {class: 'read', open: cited.length === 0}, h('summary', {}, title, ' ', h('b', {class: 'number'}, read.length)),
      h('div', {class: 'source-list', role: 'list', 'aria-label': title}, read.map((one) => row(one, null)))));
  return {element, sources: [...cited, ...read]};
}

export function steps(texts) {
  return h('ul', {class: 'steps', test: 'steps'}, texts.map((text) => h('li', {}, text)));
}

export function paintProse(element, message) {
  const known = new Set((message.citations || []).map((one) => one.number));
  fill(element, prose(message.text || '', message.sentences, known));
}
