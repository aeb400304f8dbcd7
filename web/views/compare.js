// compare.js - two documents side by side: what was added, removed and changed, and the numbers that differ.
import {h, fill, cleanup, debounce} from '../dom.js';
import {t, number} from '../texts.js';
import {get, post} from '../api.js';
import {note, withQuery} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {announce} from '../parts/live.js';
import {nothing, placeButton} from '../parts/summed.js';

const KINDS = ['changed', 'added', 'removed'];
const FOUND = 8;

// A field that finds a document by its name.
function picker(side, chosen, onpick) {
  const input = h('input', {type: 'search', 'aria-label': `${t(`compare.${side}`)}: ${t('compare.find')}`, placeholder: t('compare.find'), autocomplete: 'off', test: `compare-${side}-find`});
  const found = h('div', {class: 'compare-found'});
  const find = debounce(150, async () => {
    const {items} = await get('/v1/documents', {q: input.value.trim(), typing: 1, limit: FOUND}).catch(() => ({items: []}));
    fill(found, items.map((one) => h('button', {class: 'small', onclick: () => onpick(one), test: `compare-${side}-option`}, one.name)));
  });
  input.addEventListener('input', find);
  if (!chosen) find();
  const name = chosen && h('a', {class: 'line-name', href: `/documents/${chosen.id}`, test: `compare-${side}-name`}, chosen.name);
  return h('div', {class: 'compare-pick'}, h('h2', {}, t(`compare.${side}`)), chosen
    ? [name, h('button', {class: 'small', onclick: () => onpick(null), test: `compare-${side}-change`}, t('compare.change'))]
    : [input, found]);
}

function cell(one, side, kind) {
  const shown = one[side];
  if (!shown) return h('div', {class: 'compare-cell', data: {empty: 'yes'}});
  const pieces = shown.pieces.map((piece) => (piece.changed && kind === 'changed' ? h(side === 'left' ? 'del' : 'ins', {}, piece.text) : piece.text));
  return h('div', {class: 'compare-cell', data: {kind, side}}, h('p', {}, pieces, '\u00a0', placeButton(shown.citations[0])),
    shown.numbers.length > 0 && h('small', {}, `${t('compare.numbers')}: ${shown.numbers.join(', ')}`));
}

class CompareView {
  constructor(root, {left, right}) {
    this.undo = cleanup();
    this.abort = new AbortController();
    this.undo.add(() => this.abort.abort());
    this.ids = {left, right};
    this.documents = {};
    this.kind = 'all';
    this.head = top(t('compare.title'), h('button', {class: 'small', onclick: () => this.swap(), test: 'compare-swap'}, t('compare.swap')));
    this.sides = h('div', {class: 'compare-sides'});
    this.bar = h('div', {class: 'row wrap'});
    this.body = h('div', {});
    fill(root, this.head.element, h('div', {class: 'scroll pad compare'}, this.sides, this.bar, this.body));
    this.load();
  }

  pick(side, one) {
    this.ids[side] = one ? one.id : null;
    this.documents[side] = one;
    note(withQuery(this.ids));
    this.load();
  }

  swap() {
    this.ids = {left: this.ids.right, right: this.ids.left};
    this.documents = {left: this.documents.right, right: this.documents.left};
    note(withQuery(this.ids));
    this.load();
  }

  paintSides() {
    fill(this.sides, ['left', 'right'].map((side) => picker(side, this.documents[side], (one) => this.pick(side, one))));
  }

  async load() {
    const {left, right} = this.ids;
    fill(this.bar);
    try {
      for (const side of ['left', 'right']) {
        if (this.ids[side] && !this.documents[side]) this.documents[side] = await get(`/v1/documents/${encodeURIComponent(this.ids[side])}`, {}, this.abort.signal);
      }
      this.paintSides();
      if (!left || !right) return fill(this.body, h('div', {class: 'nothing'}, h('h2', {}, t('compare.pick')), h('p', {}, t('compare.pick_text'))));
      fill(this.body, h('div', {class: 'bone'}));
      this.result = await post('/v1/compare', {left, right}, {signal: this.abort.signal});
      this.paint();
      announce(KINDS.map((kind) => `${t(`compare.${kind}`)}: ${this.result[kind]}`).join(', '));
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.load()));
    }
  }

  paint() {
    const {result} = this;
    const tab = (kind, count) => h('button', {class: 'small', 'aria-pressed': String(this.kind === kind), data: {kind}, onclick: () => { this.kind = kind; this.paint(); }, test: `compare-${kind}`},
      `${t(`compare.${kind}`)} ${number(count)}`);
    fill(this.bar, tab('all', result.items.length), KINDS.map((kind) => tab(kind, result[kind])), h('span', {class: 'status'},
      t('compare.same', {count: result.same, shown: number(result.same)})), result.notice && h('span', {class: 'status'}, result.notice));
    const items = result.items.filter((one) => this.kind === 'all' || one.kind === this.kind);
    fill(this.body, items.length ? h('ol', {class: 'compare-list', test: 'compare-list'}, items.map((one) => h('li', {data: {kind: one.kind}, test: 'difference'},
      h('b', {class: 'compare-kind'}, t(`compare.${one.kind}`)), cell(one, 'left', one.kind), cell(one, 'right', one.kind)))) : nothing('compare'));
  }
}

export function render(root, {query}) {
  const view = new CompareView(root, query);
  return {cleanup: view.undo, title: t('compare.title'), focus: view.head.heading};
}
