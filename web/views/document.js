// document.js - one document: pages or text, passages, details; the original. ?show=text and ?page=3 are in the address.
import {h, fill, cleanup, topIn} from '../dom.js';
import {t, number, bytes, fullDate} from '../texts.js';
import {get, call, address, errorFrom} from '../api.js';
import {on, mayWrite, collectionName} from '../state.js';
import {bind} from '../keys.js';
import {go, note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {stageOf, pagesOf} from '../parts/stages.js';
import {pageStack} from '../parts/picture.js';
import {fromHtml} from '../parts/fragment.js';
import * as documents from '../parts/documents.js';

const TEXT_STEP = 200000;  // letters shown at once; laying out megabytes makes a page that answers no key

function showsOf(one) {
  if (!one.searchable && (one.state === 'failed' || one.state === 'cancelled')) return ['details'];
  return [one.paged && 'pages', !one.paged && 'view', 'text', 'passages', one.children > 0 && 'files', 'details'].filter(Boolean);
}

async function showPages(body, one, view) {
  const stack = h('div', {class: 'stack'});
  fill(body, stack);
  const made = await pageStack(stack, one.id, {signal: view.signal, onpage: (page, count) => {
    view.place(t('reader.page_of', {page: number(page), count: number(count)}));
    note(withQuery({page: page > 1 ? page : null}));
  }});
  view.undo.add(made.stop);
  const page = Number(view.query.page);
  const jump = (to) => { if (made.frames[to - 1]) body.scrollTop = topIn(made.frames[to - 1], body) - 16; };
  if (page > 1) jump(page);
  const now = () => Number(here().query.page || 1);
  view.undo.add(bind({j: () => jump(now() + 1), k: () => jump(now() - 1)}));
}

async function showView(body, one, view) {
  const {start, end} = view.query;
  const path = start ? address(`/v1/documents/${one.id}/view`, {start, end}) : `/v1/documents/${one.id}/text?format=html`;
  const response = await call('GET', path, {signal: view.signal, headers: {Accept: 'text/html'}});
  const {fragment, complete} = fromHtml(await response.text());
  const article = h('article', {class: 'book leaf-page', test: 'document-html'});
  article.append(fragment);
  fill(body, article, !complete && h('p', {class: 'pad'}, t('document.too_long')));
  const mark = article.querySelector('mark.passage');
  if (mark) mark.scrollIntoView({block: 'center'});
}

async function showText(body, one, view) {
  const response = await call('GET', `/v1/documents/${one.id}/text`, {signal: view.signal, headers: {Accept: 'text/plain'}});
  const text = await response.text();
  const pre = h('pre', {class: 'plain-text', tabindex: 0, test: 'document-text'});
  const more = h('button', {class: 'more', onclick: () => add()}, t('document.more_text'));
  let at = 0;
  function add() {
    pre.append(text.slice(at, at + TEXT_STEP));
    at += TEXT_STEP;
    more.hidden = at >= text.length;
  }
  fill(body, pre, more);
  add();
}

async function showPassages(body, one, view) {
  const {items} = await get(`/v1/documents/${one.id}/chunks`, {limit: 200}, view.signal);
  fill(body, h('ol', {class: 'passages', test: 'passages'}, items.map((chunk) => {
    const place = chunk.place && typeof chunk.place === 'object' ? chunk.place.text : chunk.place;
    return h('li', {}, h('small', {}, [place, chunk.heading, chunk.tokens && t('count.tokens', {count: chunk.tokens, shown: number(chunk.tokens)})].filter(Boolean).join(' · ')), h('p', {}, chunk.text));
  })));
}

async function showFiles(body, one, view) {
  const {items} = await get('/v1/documents', {parent: one.id, limit: 200, order: 'name'}, view.signal);
  fill(body, h('ul', {class: 'plain-list pad'}, items.map((child) => {
    const stage = stageOf(child);
    return h('li', {}, h('a', {href: `/documents/${child.id}`}, child.path || child.name), ' ', h('small', {data: {tone: stage.tone}}, stage.text));
  })));
}

function showDetails(body, one) {
  const rows = [
    ['documents.name', one.name], ['documents.title', one.title], ['document.path', one.path], ['document.format', one.format && `${one.format.toUpperCase()} · ${one.media_type || ''}`],
    ['document.size', bytes(one.size)], ['document.pages', one.pages && number(one.pages)], ['document.language', one.language],
    ['documents.collection', collectionName(one.collection)], ['document.version', one.version && number(one.version)],
    ['document.added', fullDate(one.created_at)], ['document.changed', fullDate(one.updated_at)],
    ...(one.warnings || []).map((text) => ['document.warning', typeof text === 'string' ? text : text.message]),
  ].filter(([, value]) => value);
  const metadata = Object.entries(one.metadata || {}).filter(([, value]) => value !== null && typeof value !== 'object');
  fill(body, h('dl', {class: 'facts pad', test: 'details'}, rows.map(([key, value]) => [h('dt', {}, t(key)), h('dd', {}, value)]),
    metadata.map(([key, value]) => [h('dt', {}, key), h('dd', {}, String(value))])));
}

const SHOWS = {pages: showPages, view: showView, text: showText, passages: showPassages, files: showFiles, details: showDetails};

function actions(one, changed) {
  const act = (text, run, test) => h('button', {class: 'small', onclick: run, test}, t(text));
  return h('div', {class: 'row wrap', test: 'document-actions'},
    h('a', {class: 'button small', href: `/v1/documents/${one.id}/original`, download: one.name, test: 'download'}, t('document.original')),
    one.searchable && h('a', {class: 'button small', href: `/search?document=${one.id}`}, t('document.search_in')),
    mayWrite() && (one.deleted_at
      ? act('do.restore', () => { documents.restore([one]); go(`/documents/${one.id}`, {replace: true}); }, 'restore')
      : [act('do.rename', () => documents.rename(one, changed), 'rename-open'), act('do.tag', () => documents.tag([one], changed), 'tag-open'),
         act('do.move', () => documents.move([one], changed), 'move-open'), act('do.trash', () => { documents.trash([one]); go('/library'); }, 'trash')]));
}

// What stands in the way of reading: still running, failed, locked.
function standing(one) {
  if (one.searchable && one.state === 'ready') return null;
  const stage = stageOf(one);
  const ended = one.state === 'failed' || one.state === 'cancelled';
  return h('div', {class: 'standing', data: {tone: stage.tone}, role: 'status', test: 'document-state'}, h('span', {}, stage.text),
    ended && mayWrite() && h('button', {class: 'small', onclick: () => documents.again(one), test: 'document-retry'},
      documents.isLocked(one) ? t('tray.unlock') : t('do.retry')));
}

class DocumentView {
  constructor(root, params) {
    this.undo = cleanup();
    this.query = params.query;
    this.id = params.id;
    this.head = top('\u00a0');
    this.where = h('small', {class: 'reader-place', test: 'document-place'});
    this.info = h('div', {class: 'finder'}, h('div', {class: 'bone'}));
    this.body = h('div', {class: 'scroll document-body', tabindex: 0, role: 'region', test: 'document-body'});
    this.head.element.insertBefore(this.where, this.head.element.lastChild);
    fill(root, this.head.element, this.info, this.body);
    this.undo.add(() => this.aborter && this.aborter.abort());
    this.undo.add(on('event:document', (next) => { if (next.id === this.id) this.heard(next); }));
    this.undo.add(on('event:removed', ({id}) => { if (id === this.id) go('/library', {replace: true}); }));
    this.undo.add(bind({Escape: () => go('/library')}));
    this.load();
  }

  async load() {
    try {
      this.one = await get(`/v1/documents/${this.id}`);
      this.paintHead();
      this.show(this.query.show);
    } catch (error) {
      fill(this.info);
      fill(this.body, problem(error.code ? error : errorFrom(0, null), () => this.load()));
    }
  }

  heard(next) {
    if (!this.one) return;
    const was = this.one;
    this.one = {...was, ...next};
    if (next.state === 'ready' && was.state !== 'ready') this.load();
    else this.paintHead();
  }

  paintHead() {
    const {one} = this;
    this.head.heading.textContent = one.name;
    this.head.heading.title = one.path || one.name;
    document.title = `${one.name} · ${t('name')}`;
    this.body.setAttribute('aria-label', one.name);
    const facts = [one.format && one.format.toUpperCase(), bytes(one.size), pagesOf(one), collectionName(one.collection)].filter(Boolean).join(' · ');
    this.tabs = h('div', {class: 'tabs', role: 'tablist', 'aria-label': t('document.shows')}, showsOf(one).map((name) =>
      h('button', {role: 'tab', class: 'tab', data: {show: name}, onclick: () => { note(withQuery({show: name, page: null})); this.show(name); }, test: `show-${name}`}, t(`document.show_${name}`))));
    fill(this.info, standing(one), h('div', {class: 'row wrap'}, h('span', {class: 'status'}, facts), documents.tagChips(one.tags), h('span', {class: 'gap'}),
      actions(one, (next) => { this.one = {...this.one, ...next}; this.paintHead(); })), this.tabs);
    this.markTab();
  }

  markTab() {
    for (const tab of this.tabs.children) tab.setAttribute('aria-selected', String(tab.dataset.show === this.showing));
  }

  place(text) { this.where.textContent = text; }

  async show(name) {
    const shows = showsOf(this.one);
    this.showing = shows.includes(name) ? name : this.one.searchable ? shows[0] : 'details';
    this.markTab();
    this.place('');
    if (this.aborter) this.aborter.abort();
    this.aborter = new AbortController();
    this.signal = this.aborter.signal;
    fill(this.body, h('div', {class: 'sheet waiting'}));
    try {
      await SHOWS[this.showing](this.body, this.one, this);
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.show(name)));
    }
  }
}

export function render(root, params) {
  const view = new DocumentView(root, params);
  return {cleanup: view.undo, title: t('document.title'), focus: view.head.heading};
}
