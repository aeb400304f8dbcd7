// document.js - one document as its kind wants to be seen, its text, passages, details; the original. ?show=text and ?page=3
// are in the address. What shows a kind is a module of viewers/, fetched when such a document is first opened.
import {h, fill, cleanup, topIn, bringTo, fadeEdges, placeTab, showTab} from '../dom.js';
import {t, number, bytes, clock} from '../texts.js';
import {get, call, address, errorFrom} from '../api.js';
import {on, mayAdminister, mayWrite, collectionName} from '../state.js';
import {bind} from '../keys.js';
import {go, note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {stageOf, pagesOf} from '../parts/stages.js';
import {pageStack} from '../parts/picture.js';
import {citedStack, pageOf} from '../parts/cited.js';
import {factList} from '../parts/facts.js';
import {qualityBadge} from '../parts/quality.js';
import {memberList, breadcrumb} from '../parts/members.js';
import {lockSign} from '../parts/icons.js';
import {familyIcon} from '../parts/families.js';
import {viewerOf, showWith} from '../viewers/kinds.js';
import {htmlOf} from '../viewers/html.js';
import {likeAddress} from '../parts/result.js';
import {olderSign, replaceFile, showOlder, versionList} from '../parts/versions.js';
import {showSummary, showTimeline, showGlossary, compareAddress} from '../parts/summed.js';
import * as documents from '../parts/documents.js';

const TEXT_STEP = 200000;  // letters shown at once; laying out megabytes makes a page that answers no key

// The ways to look at a document; the first is the one it opens with.
function showsOf(one) {
  if (!one.searchable && (one.state === 'failed' || one.state === 'cancelled')) return ['details'];
  const isStore = one.format === 'pst' || one.format === 'mbox' || (one.family === 'archive' && one.children > 0);
  const first = isStore ? 'files' : viewerOf(one) || (!one.paged ? 'view' : one.family === 'picture' ? 'picture' : 'pages');
  return [...new Set([first, first === 'files' && 'view', 'text', one.searchable && 'summary', one.searchable && 'timeline', one.searchable && 'glossary', 'passages', one.searchable && 'values', one.children > 0 && 'files', one.searchable && 'report', 'details'])].filter(Boolean);
}

// Who turns the page has left the passage.
function pageSeen(view, source, page, count) {
  view.place(t('reader.page_of', {page: number(page), count: number(count)}));
  note(withQuery({page: page > 1 ? page : null, ...(source && source.page !== page ? {start: null, end: null} : {})}));
}

// The page and the words of the passage that the address names.
function sourceOf(one, view) {
  const cited = citedBy(view.query);
  return cited && cited.start !== null ? pageOf(one, cited, {signal: view.signal}) : null;
}

function walkPages(made, body, view, source) {
  view.undoShow.add(made.stop);
  const page = source ? 0 : Number(view.query.page);
  const jump = (to) => { if (made.frames[to - 1]) body.scrollTop = topIn(made.frames[to - 1], body) - 16; };
  if (page > 1) jump(page);
  const now = () => Number(here().query.page || 1);
  view.undoShow.add(bind({j: () => jump(now() + 1), k: () => jump(now() - 1)}));
}

async function showPages(body, one, view) {
  const source = await sourceOf(one, view);
  const stack = h('div', {class: 'stack'});
  fill(body, stack);
  const options = {signal: view.signal, onpage: (page, count) => pageSeen(view, source, page, count)};
  walkPages(source ? await citedStack(stack, source, options) : await pageStack(stack, one.id, options), body, view, source);
}

async function showView(body, one, view) {
  const {fragment, complete} = await htmlOf(one, {signal: view.signal, cited: citedBy(view.query)});
  const article = h('article', {class: 'book leaf-page', test: 'document-html'});
  article.append(fragment);
  fill(body, article, !complete && h('p', {class: 'pad'}, t('document.too_long')));
  bringTo(article.querySelector('mark.passage'));
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

const showReport = async (body, one, view) => (await import('../viewers/report.js')).showReport(body, one, {signal: view.signal});
const showFiles = (body, one, view) => memberList(body, one, view);
const showDetails = async (body, one, view) => {
  fill(body, factList(one));
  if (one.version > 1) body.firstChild.append(await versionList(one, view.signal));
};

async function showPicture(body, one, view) {
  const [source, {showPicture: run}] = await Promise.all([sourceOf(one, view), import('../viewers/picture.js')]);
  const made = await run(body, one, {signal: view.signal, source, onpage: (page, count) => pageSeen(view, source, page, count)});
  walkPages(made, body, view, source);
}

// The passage that the address names.
const citedBy = ({start, end, at}) => (start || at ? {start: start ? Number(start) : null, end: Number(end || start), place: at} : null);

// What shows a kind of documents does all but keep the address.
const showKind = (name, body, one, view) => showWith(name, body, one, {signal: view.signal, undo: view.undoShow.add, cited: citedBy(view.query),
  page: view.query.page, sheet: view.query.sheet, onsheet: (sheet) => note(withQuery({sheet: sheet || null, start: null, end: null}))});

const showValues = async (body, one, view) => (await import('../parts/fields.js')).showFields(body, one, view);

const SHOWS = {pages: showPages, view: showView, text: showText, passages: showPassages, files: showFiles, details: showDetails, values: showValues, report: showReport, picture: showPicture, summary: showSummary, timeline: showTimeline, glossary: showGlossary};

function actions(one, changed) {
  const act = (text, run, test) => h('button', {class: 'small', onclick: run, test}, t(text));
  const row = h('div', {class: 'row wrap one-line', test: 'document-actions'},
    h('a', {class: 'button small', href: `/v1/documents/${one.id}/original`, download: one.name, test: 'download'}, t('document.original')),
    one.searchable && [h('a', {class: 'button small', href: `/search?document=${one.id}`}, t('document.search_in')),
      h('a', {class: 'button small', href: `/study?make=${one.id}`, test: 'document-study'}, t('made.study_this')),
      h('a', {class: 'button small', href: likeAddress(one.id), test: 'document-like'}, t('search.like')), h('a', {class: 'button small', href: compareAddress(one.id), test: 'document-compare'}, t('document.compare'))],
    !one.deleted_at && act('access.open', async () => (await import('../parts/sharing.js')).shareDocument(one, ({restricted}) => changed({restricted})), 'access-open'),
    mayWrite() && (one.deleted_at
      ? act('do.restore', () => { documents.restore([one]); go(`/documents/${one.id}`, {replace: true}); }, 'restore')
      : [act('do.rename', () => documents.rename(one, changed), 'rename-open'), act('do.tag', () => documents.tag([one], changed), 'tag-open'),
         act('do.move', () => documents.move([one], changed), 'move-open'),
         !one.parent && act('versions.new', () => replaceFile(one, changed), 'new-version-open'),
         act('approval.ask', async () => (await import('../parts/approval_ask.js')).askApproval(one), 'document-ask-approval'),
         mayAdminister() && one.searchable && act('send.send', async () => (await import('../parts/send_out.js')).sendOut(one), 'send-open'), act('do.trash', () => { documents.trash([one]); go('/library'); }, 'trash')]));
  fadeEdges(row);
  return row;
}

// What stands in the way of reading: still running, failed, locked.
function standing(one) {
  if (one.state === 'ready') return null;
  const stage = stageOf(one);
  const ended = one.state === 'failed' || one.state === 'cancelled';
  return h('div', {class: 'standing', data: {tone: stage.tone}, role: 'status', test: 'document-state'}, h('span', {}, stage.text),
    ended && mayWrite() && h('button', {class: 'small', onclick: () => documents.again(one), test: 'document-retry'},
      documents.isLocked(one) ? t('tray.unlock') : t('do.retry')));
}

const isReadable = (one) => one.searchable || one.state === 'ready';

class DocumentView {
  constructor(root, params) {
    this.undo = cleanup();
    this.undoShow = cleanup();  // of what is shown now
    this.undo.add(() => this.undoShow());
    this.query = params.query;
    this.id = params.id;
    this.head = top('\u00a0');
    this.where = h('small', {class: 'reader-place', test: 'document-place'});
    this.info = h('div', {class: 'finder'}, h('div', {class: 'bone'}));
    this.crumbs = h('div', {class: 'crumb-place'});
    this.body = h('div', {class: 'scroll document-body', tabindex: 0, role: 'region', test: 'document-body'});
    this.head.element.insertBefore(this.where, this.head.element.lastChild);
    fill(root, this.head.element, this.crumbs, this.info, this.body);
    this.undo.add(() => this.aborter && this.aborter.abort());
    this.undo.add(on('event:document', (next) => { if (next.id === this.id) this.heard(next); }));
    this.undo.add(on('event:removed', ({id}) => { if (id === this.id) go('/library', {replace: true}); }));
    this.undo.add(bind({Escape: () => go('/library')}));
    this.load();
  }

  async load() {
    try {
      this.one = await get(`/v1/documents/${encodeURIComponent(this.id)}`);
      this.readable = isReadable(this.one);
      this.isReadAnew = false;
      this.paintHead();
      this.show(this.query.show);
      breadcrumb(this.one).then((crumbs) => fill(this.crumbs, crumbs)).catch(() => {});
    } catch (error) {
      fill(this.info);
      fill(this.body, problem(error.code ? error : errorFrom(0, null), () => this.load()));
    }
  }

  heard(next) {
    if (!this.one) return;
    const before = this.one;
    this.one = {...before, ...next};
    this.isReadAnew ||= before.state === 'ready' ? next.state !== 'ready' : before.version > 1;
    // What one reads or hears already goes on: only what is known of it is new, unless its file is another.
    if (isReadable(next) && (!this.readable || (this.isReadAnew && next.state === 'ready'))) this.load();
    else this.paintHead();
  }

  paintHead() {
    const {one} = this;
    this.head.heading.textContent = one.name;
    this.head.heading.title = one.path || one.name;
    document.title = `${one.name} · ${t('name')}`;
    this.body.setAttribute('aria-label', one.name);
    const length = (one.facts || []).find((fact) => fact.key === 'duration');
    const facts = [one.format && one.format.toUpperCase().replace('_', ' '), bytes(one.size), one.family === 'picture' && one.pages < 2 ? '' : pagesOf(one), length && clock(Number(length.value)),
      one.children > 0 && t('count.files', {count: one.children, shown: number(one.children)}), collectionName(one.collection)].filter(Boolean).join(' · ');
    this.tabs = h('div', {class: 'tabs', role: 'tablist', 'aria-label': t('document.shows')}, showsOf(one).map((name) =>
      h('button', {role: 'tab', class: 'tab', data: {show: name}, onclick: () => { note(withQuery({show: name, page: null, start: null, end: null, at: null, version: null})); this.query = {}; this.show(name); }, test: `show-${name}`}, t(`document.show_${name}`))));
    fill(this.info, standing(one), h('div', {class: 'row wrap'}, h('span', {class: 'status'}, one.family && familyIcon(one), lockSign(one), facts), qualityBadge(one), documents.tagChips(one.tags), h('span', {class: 'gap'}),
      actions(one, (next) => { this.one = {...this.one, ...next}; this.paintHead(); })), this.tabs);
    this.markTab();
    showTab(this.tabs);
  }

  markTab() {
    for (const tab of this.tabs.children) tab.setAttribute('aria-selected', String(tab.dataset.show === this.showing));
    placeTab(this.tabs);
  }

  place(text) { this.where.textContent = text; }

  async show(name) {
    const shows = showsOf(this.one);
    this.showing = shows.includes(name) ? name : this.one.searchable || this.one.state === 'ready' ? shows[0] : 'details';
    this.markTab();
    this.place('');
    if (this.aborter) this.aborter.abort();
    this.undoShow();
    this.aborter = new AbortController();
    this.signal = this.aborter.signal;
    fill(this.body, h('div', {class: 'sheet waiting'}));
    try {
      const version = Number(this.query.version || this.one.version);
      if (version !== this.one.version) this.undoShow.add(await showOlder(this.body, this.one, {version, sign: olderSign(this.one, version), signal: this.signal, cited: citedBy(this.query)}));
      else await (SHOWS[this.showing] || showKind.bind(null, this.showing))(this.body, this.one, this);
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.show(name)));
    }
  }
}

export function render(root, params) {
  const view = new DocumentView(root, params);
  return {cleanup: view.undo, title: t('document.title'), focus: view.head.heading};
}
