// library.js - the documents: filters, order, rows one walks and selects, trash with undo. All of it is in the address.
import {h, fill, fadeEdges, say, cleanup, debounce} from '../dom.js';
import {t, number, bytes, ago, fullDate} from '../texts.js';
import {get} from '../api.js';
import {emit, state, on, mayWrite} from '../state.js';
import {bind, walker} from '../keys.js';
import {go, note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {filters} from '../parts/filters.js';
import {chipsOf, Wrong} from '../parts/understood.js';
import {completion} from '../parts/complete.js';
import {invite} from '../parts/invite.js';
import {icon, lockSign} from '../parts/icons.js';
import {familyIcon} from '../parts/families.js';
import {problem} from '../parts/problem.js';
import {stageOf, pagesOf} from '../parts/stages.js';
import {editCollection, removeCollection} from '../parts/collections.js';
import {microphone} from '../parts/voice.js';
import {toast} from '../parts/toast.js';
import {pickFiles} from '../parts/drop.js';
import * as documents from '../parts/documents.js';

const PAGE = 50;
const MORE = 100;
const AHEAD_PX = 1500;  // the next rows are asked for before the last one is in sight
const FILTERS = ['q', 'state', 'format', 'family', 'collection', 'tag', 'quality'];
const SENT = ['q', 'state', 'format', 'family', 'collection', 'tag'];

function stateCell(one) {
  const stage = stageOf(one);
  return h('span', {class: 'cell-state', data: {tone: stage.tone}, title: stage.text, test: 'row-state'}, stage.text);
}

// What tells documents of one name apart: their title, or the folder they came in.
function under(one) {
  if (one.title && one.title !== one.name) return one.title;
  const at = (one.path || '').lastIndexOf('/');
  return at > 0 ? one.path.slice(0, at) : '';
}

function rowFor(one, selected) {
  const check = h('label', {class: 'pick'}, h('input', {type: 'checkbox', checked: selected, tabindex: -1, 'aria-label': t('library.select', {name: one.name}), test: 'row-select'}));
  const facts = [pagesOf(one), one.children ? t('count.files', {count: one.children}) : '', one.warnings && one.warnings.length ? t('count.warnings', {count: one.warnings.length}) : ''];
  return h('li', {class: 'doc', role: 'listitem', tabindex: -1, data: {id: one.id, state: one.state, selected: selected ? 'yes' : 'no'}, test: 'row'},
    check, h('a', {class: 'doc-name', href: `/documents/${one.id}`, tabindex: -1, title: one.path || one.name}, h('span', {}, familyIcon(one), lockSign(one), one.name),
      under(one) && h('small', {}, under(one))),
    h('span', {class: 'cell-tags'}, documents.tagChips(one.tags)), stateCell(one),
    h('span', {class: 'cell-facts number'}, facts.filter(Boolean).join(' · ')), h('span', {class: 'cell-size number'}, bytes(one.size)),
    h('time', {class: 'cell-time number', datetime: one.created_at, title: fullDate(one.created_at)}, ago(one.created_at)));
}

// What came together; groups out of sight are not laid out, so that ten thousand rows scroll like fifty.
const rowGroup = (rows) => h('ul', {class: 'doc-group', role: 'presentation'}, rows);

class Library {
  constructor(root, query) {
    this.undo = cleanup();
    this.items = [];
    this.selected = new Set();
    this.trash = query.trash === '1';
    this.build(root, query);
    this.listen();
    this.load();
  }

  dictation() {
    const voice = microphone({path: '/v1/dictations', text: t('voice.dictate'), test: 'dictate', heard: ({title, tasks}) => {
      toast(tasks.length ? t('voice.dictated_tasks', {title, count: tasks.length}) : t('voice.dictated', {title}));
      this.load();
    }});
    this.undo.add(() => voice.end());
    return voice.element;
  }

  // What can be done with the collection that is shown.
  deeds(collection) {
    const row = h('span', {class: 'row top-acts one-line'},
      h('a', {class: 'button small', href: `/fields?collection=${collection.id}`, test: 'collection-values'}, t('fields.collection_link')),
      h('button', {class: 'small', onclick: async () => (await import('../parts/sharing.js')).shareCollection(collection, () => { emit('collections'); this.load(); }), test: 'access-open'}, t('access.open')),
      mayWrite() && [h('a', {class: 'button small', href: `/digest/${collection.id}`, test: 'collection-digest'}, t('digest.open')),
      h('button', {class: 'small', onclick: () => editCollection(collection), test: 'collection-edit'}, t('do.rename')),
      h('button', {class: 'small', onclick: () => removeCollection(collection), test: 'collection-remove'}, t('do.remove'))]);
    fadeEdges(row);
    return row;
  }

  build(root, query) {
    const collection = state.collections.find((one) => one.id === query.collection);
    this.head = top(this.trash ? t('library.trash') : collection ? collection.name : t('library.title'),
      collection && !this.trash && this.deeds(collection),
      mayWrite() && !this.trash && this.dictation(),
      mayWrite() && !this.trash && h('button', {class: 'small narrow-only', onclick: pickFiles, test: 'add-files-narrow'}, t('add.short')));
    this.input = h('input', {type: 'search', value: query.q || '', 'aria-label': t('library.filter'), placeholder: t('library.filter'), autocomplete: 'off',
                             spellcheck: 'false', maxlength: 2000, data: {slash: 'yes'}, test: 'library-filter'});
    this.wrong = new Wrong(this.input);
    this.complete = completion(this.input, () => this.look(false));
    this.chips = h('div', {class: 'understood', role: 'group', 'aria-label': t('understood.title'), hidden: true, test: 'understood-row'});
    this.typed = debounce(150, () => this.look(false));
    this.input.addEventListener('input', this.typed);
    this.input.addEventListener('keydown', (event) => {
      if (this.complete.key(event) || event.key !== 'Enter') return;
      this.typed.cancel();
      this.complete.close();
      this.look(true);
    });
    this.filters = h('div', {class: 'filter-place'});
    this.status = h('p', {class: 'status', role: 'status', test: 'library-status'}, '\u00a0');
    this.bulk = h('div', {class: 'bulk', hidden: true, role: 'toolbar', 'aria-label': t('library.selected'), test: 'bulk'});
    this.list = h('div', {class: 'docs', role: 'list', 'aria-label': t('library.title'), test: 'documents'},
      rowGroup(Array.from({length: 8}, () => h('li', {class: 'doc bone', 'aria-hidden': 'true'}))));
    this.more = h('button', {class: 'more', hidden: true, onclick: () => this.load({more: true}), test: 'more'}, t('library.more'));
    this.scroller = h('div', {class: 'scroll'}, this.list, this.more);
    const trashLink = h('a', {class: 'chip', href: this.trash ? '/library' : '/library?trash=1', test: 'trash-link'}, icon(this.trash ? 'back' : 'trash'),
      this.trash ? t('library.title') : t('library.trash'));
    fill(root, this.head.element, h('div', {class: 'finder'}, h('div', {class: 'row'}, h('div', {class: 'search-box'}, this.input, this.wrong.mirror, this.complete.list), trashLink),
      this.wrong.sentence, this.chips, this.filters,
      h('div', {class: 'under'}, this.status, this.bulk)), this.scroller);
    this.paintFilters();
  }

  paintFilters() {
    fill(this.filters, filters(['state', 'format', 'quality', 'collection', 'tag', 'order'], here().query,
      (values) => ('collection' in values ? go(withQuery(values)) : this.changed(values))));
  }

  // Whole: an error is shown at its place. Else it is being typed, and what is no operator yet is part of a name.
  look(whole) {
    note(withQuery({q: this.input.value.trim()}));
    this.load({typing: !whole});
  }

  // Takes a condition out of the field.
  forget(start, end) {
    this.input.value = `${this.input.value.slice(0, start).trimEnd()} ${this.input.value.slice(end).trimStart()}`.trim();
    this.look(true);
    this.input.focus();
  }

  listen() {
    const {undo, list} = this;
    this.walk = walker(list, '.doc', {opened: (row) => go(`/documents/${row.dataset.id}`)});
    const one = (run) => () => mayWrite() && this.acting().length > 0 && (run(this.acting()), true);
    undo.add(bind({...this.walk.keys,
      x: () => this.toggle(this.walk.current()),
      e: one(([first]) => documents.rename(first, (next) => this.replace(next))),
      t: one((some) => documents.tag(some, (next) => this.replace(next))),
      m: one((some) => documents.move(some, (next) => this.replace(next))),
      Delete: one((some) => this.gone(some)), '#': one((some) => this.gone(some)),
      Escape: () => this.selected.size > 0 && this.select(new Set())}));
    list.addEventListener('change', (event) => this.toggle(event.target.closest('.doc')));
    list.addEventListener('click', (event) => this.clicked(event));
    undo.add(on('event:document', (next) => this.replace(next)));
    undo.add(on('event:removed', ({id}) => this.without([id])));
    undo.add(on('documents-gone', (ids) => this.without(ids)));
    const again = debounce(300, () => this.load());
    undo.add(on('documents', again));
    // New rows come in at the top only when nobody is pointing at the list: nothing moves under the pointer.
    undo.add(on('event:document', (next) => { if (!this.items.some((item) => item.id === next.id) && !this.list.matches(':hover')) again(); }));
    undo.add(() => { this.typed.cancel(); this.complete.cancel(); if (this.aborter) this.aborter.abort(); });
    this.near = new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting)) this.load({more: true}); },
      {root: this.scroller, rootMargin: `0px 0px ${AHEAD_PX}px`});
    undo.add(() => this.near.disconnect());
  }

  clicked(event) {
    const row = event.target.closest('.doc');
    if (!row || event.target.closest('a, label')) return;
    this.walk.put(this.walk.rows().indexOf(row));
    if (event.detail === 2 || matchMedia('(pointer: coarse)').matches) go(`/documents/${row.dataset.id}`);
  }

  gone(some) {
    if (this.trash) documents.erase(some);
    else documents.trash(some);
    this.select(new Set());
  }

  acting() {
    if (this.selected.size) return this.items.filter((one) => this.selected.has(one.id));
    const row = this.walk.current();
    return row ? this.items.filter((one) => one.id === row.dataset.id) : [];
  }

  toggle(row) {
    if (!row) return false;
    const next = new Set(this.selected);
    if (!next.delete(row.dataset.id)) next.add(row.dataset.id);
    this.select(next);
    return true;
  }

  select(next) {
    const changed = [...next, ...this.selected].filter((id) => next.has(id) !== this.selected.has(id));
    this.selected = next;
    for (const row of changed.map((id) => this.rowOf(id)).filter(Boolean)) {
      const is = next.has(row.dataset.id);
      row.dataset.selected = is ? 'yes' : 'no';
      const box = row.querySelector('input');
      if (box) box.checked = is;
    }
    this.paintBulk();
    return true;
  }

  rowOf(id) {
    return this.list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  paintBulk() {
    this.bulk.hidden = this.selected.size === 0;
    this.status.hidden = !this.bulk.hidden;
    const act = (text, run, test) => h('button', {class: 'small', onclick: () => run(this.acting()), test}, t(text));
    const replace = (next) => this.replace(next);
    fill(this.bulk, h('span', {}, t('library.count_selected', {count: this.selected.size})), this.trash
      ? [act('do.restore', (some) => { documents.restore(some); this.select(new Set()); }, 'bulk-restore'), act('do.erase', (some) => this.gone(some), 'bulk-erase')]
      : [act('do.tag', (some) => documents.tag(some, replace), 'bulk-tag'), act('do.move', (some) => documents.move(some, replace), 'bulk-move'),
         act('do.trash', (some) => this.gone(some), 'bulk-trash')]);
  }

  changed(values) {
    note(withQuery(values));
    this.load();
  }

  query() {
    const {query} = here();
    const wanted = {order: query.order || '-created'};
    for (const name of SENT) wanted[name] = query[name];
    wanted.metadata = query.quality && `extraction_quality=${query.quality}`;
    if (this.trash) wanted.trash = 1;
    return wanted;
  }

  async load({more = false, typing = false} = {}) {
    if (more && (!this.next || this.loading)) return;
    if (this.aborter && !more) this.aborter.abort();
    const own = new AbortController();
    this.aborter = own;
    this.loading = true;
    try {
      const page = await get('/v1/documents', {...this.query(), typing: typing || more ? 1 : null, limit: more ? MORE : PAGE, after: more ? this.next : null}, own.signal);
      this.next = page.next;
      this.items = more ? [...this.items, ...page.items] : page.items;
      this.total = page.total;
      this.paintUnderstood(page);
      this.paint(more ? page.items : null);
    } catch (error) {
      if (error.position) this.showWrong(error);
      else if (error.name !== 'AbortError') fill(this.list, problem(error, () => this.load()));
    } finally {
      if (own === this.aborter) this.loading = false;
    }
  }

  // The list stays as it was; before there was one, it is empty.
  showWrong(error) {
    this.wrong.show(error);
    if (!this.items.length) fill(this.list);
  }

  paintUnderstood(page) {
    this.wrong.clear();
    fill(this.chips, chipsOf(page.understood, (start, end) => this.forget(start, end)));
    this.chips.hidden = !this.chips.children.length;
  }

  paint(added) {
    const rows = (added || this.items).map((one) => rowFor(one, this.selected.has(one.id)));
    const at = added ? -1 : Math.max(0, this.walk.at());
    if (added) this.list.append(rowGroup(rows));
    else fill(this.list, rowGroup(rows.length ? rows : this.empty()));
    this.more.hidden = !this.next;
    // Observed anew, it tells again that it is near: what came may have been too little.
    this.near.unobserve(this.more);
    this.near.observe(this.more);
    this.paintStatus();
    if (at >= 0) this.walk.put(at, {focus: false, quiet: true});
  }

  paintStatus() {
    const total = this.total ?? this.items.length;
    say(this.status, total ? t('count.documents', {count: total, shown: number(total)}) : '\u00a0');
  }

  empty() {
    const filtered = FILTERS.some((name) => here().query[name]);
    if (this.trash) return h('li', {class: 'nothing'}, h('h2', {}, t('library.trash_empty')), h('p', {}, t('library.trash_text')));
    if (!filtered) return h('li', {}, invite());
    const {query} = here();
    if (query.collection && !FILTERS.some((name) => name !== 'collection' && query[name])) {
      return h('li', {class: 'nothing'}, h('h2', {}, t('library.collection_empty')), h('p', {}, t('library.collection_text')));
    }
    return h('li', {class: 'nothing'}, h('h2', {}, t('library.none')), h('p', {}, h('a', {href: '/library'}, t('library.all'))));
  }

  replace(next) {
    const at = this.items.findIndex((one) => one.id === next.id);
    if (at < 0) return;
    const merged = {...this.items[at], ...next};
    this.items[at] = merged;
    const row = this.rowOf(next.id);
    if (!row) return;
    const fresh = rowFor(merged, this.selected.has(merged.id));
    // Only the cells change, so that focus and pointer stay where they are.
    row.dataset.state = merged.state;
    const cells = [...fresh.children];
    [...row.children].forEach((cell, i) => { if (i > 0 && !cell.isEqualNode(cells[i])) cell.replaceWith(cells[i]); });
  }

  without(ids) {
    const before = this.items.length;
    this.items = this.items.filter((one) => !ids.includes(one.id));
    if (this.items.length === before) return;
    this.total = Math.max(0, (this.total ?? before) - (before - this.items.length));
    const at = this.walk.at();
    for (const id of ids) {
      const row = this.rowOf(id);
      if (row) row.remove();
    }
    if (!this.items.length) return this.paint();
    this.paintStatus();
    this.walk.put(Math.max(0, at), {focus: this.list.contains(document.activeElement) || document.activeElement === document.body});
  }
}

export function render(root, {query}) {
  const library = new Library(root, query);
  return {cleanup: library.undo, title: library.head.heading.textContent, focus: library.head.heading};
}
