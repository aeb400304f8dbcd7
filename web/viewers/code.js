// code.js - source code and other texts by lines, with the numbers of the file's own lines.
import {h, fill, bringTo} from '../dom.js';
import {t} from '../texts.js';
import {problem} from '../parts/problem.js';
import {reader, ordinalAt, holds} from './blocks.js';

const AT_ONCE = 200;  // blocks; a function is one
const GAP_MOST = 50;

const encoder = new TextEncoder();

function linesOf(block, cited) {
  const first = block.place.lines ? block.place.lines[0] : null;
  let at = block.start;
  return block.text.split('\n').map((text, i) => {
    const length = encoder.encode(text).length;
    const isCited = cited && holds({start: at, length: length || 1}, cited.start, cited.end);
    at += length + 1;
    return h('span', {class: 'code-line', data: {...(first ? {number: first + i} : {}), ...(isCited ? {cited: 'yes'} : {})}},
      isCited && text ? h('mark', {class: 'passage'}, text) : text, '\n');
  });
}

// Empty lines between two functions belong to neither block.
function emptyLines(from, to) {
  return Array.from({length: Math.min(to - from, GAP_MOST)}, (_, i) => h('span', {class: 'code-line', data: {number: from + i}}, '\n'));
}

// Where to begin for what is cited: at the beginning when that is not far.
async function firstFor(one, cited, signal) {
  const ordinal = cited ? await ordinalAt(one.id, cited.start, signal) : 0;
  return ordinal < AT_ONCE - 20 ? 0 : ordinal - 20;
}

export async function showCode(root, one, {signal, cited}) {
  const first = await firstFor(one, cited, signal);
  const source = reader(one.id, {first, signal});
  const pre = h('pre', {class: 'code-text', tabindex: 0, test: 'code'});
  const whole = first > 0 && h('button', {class: 'more', onclick: () => showCode(root, one, {signal}), test: 'code-start'}, t('document.from_start'));
  const more = h('button', {class: 'more', onclick: () => load(), test: 'code-more'}, t('document.more_text'));
  let last = 0;  // the line that was written last
  async function load() {
    try {
      for (const block of await source.next(AT_ONCE) || []) {
        if (block.kind === 'meta' || block.kind === 'page' || !block.text) continue;
        const [from] = block.place.lines || [];
        if (from > last + 1 && last > 0) pre.append(...emptyLines(last + 1, from));
        last = from ? from + block.text.split('\n').length - 1 : last;
        pre.append(h('span', {class: `code-block ${block.kind}`}, linesOf(block, cited)));
      }
      more.hidden = source.isOver();
    } catch (error) {
      if (error.name !== 'AbortError') fill(root, problem(error, () => showCode(root, one, {signal, cited})));
    }
  }
  fill(root, whole, pre, more);
  await load();
  bringTo(pre.querySelector('[data-cited]'));
}
