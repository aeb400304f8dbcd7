// rail.js - the way around: views, collections, recent conversations, who is here. At the bottom on a phone.
import {h, fill, say} from '../dom.js';
import {t, number} from '../texts.js';
import {state, on, emit, mayRead, mayWrite} from '../state.js';
import {get} from '../api.js';
import {here} from '../router.js';
import {icon, lockSign} from './icons.js';
import {pickFiles, pickFolder} from './drop.js';
import {newCollection} from './collections.js';
import {readSample} from './invite.js';
import {savedLeaves, refreshSaved} from './saved.js';

const PLACES = [
  {view: 'ask', path: '/ask', icon: 'ask', text: 'rail.ask'},
  {view: 'search', path: '/search', icon: 'search', text: 'rail.search'},
  {view: 'library', path: '/library', icon: 'library', text: 'rail.library'},
  {view: 'study', path: '/study', icon: 'study', text: 'rail.study'},
  {view: 'conversations', path: '/conversations', icon: 'talks', text: 'rail.conversations'},
  {view: 'tasks', path: '/tasks', icon: 'check', text: 'rail.tasks'},
  {view: 'labels', path: '/labels', icon: 'label', text: 'rail.labels'},
  {view: 'work', path: '/workflows', icon: 'work', text: 'rail.work'},
];
const RECENT = 6;
const ASKED_MOST = 99; // approvals that wait for me
let root, links, collections, saved, recent, foot, add;

const place = ({view, path, icon: name, text}) =>
  h('a', {class: 'place', href: path, data: {view}, test: `nav-${view}`}, icon(name), h('span', {}, t(text)), h('b', {class: 'number'}));

function build() {
  links = h('div', {class: 'places'}, PLACES.map(place),
    place({view: 'settings', path: '/settings', icon: 'settings', text: 'rail.settings'}));
  add = h('div', {class: 'rail-add'},
    h('button', {class: 'primary', onclick: pickFiles, test: 'add-files'}, icon('add'), t('add.files')),
    h('button', {class: 'square', onclick: pickFolder, test: 'add-folder', title: t('add.folder'), 'aria-label': t('add.folder')}, icon('folder')));
  collections = h('div', {class: 'rail-list', test: 'rail-collections'});
  saved = h('div', {class: 'rail-list', test: 'rail-searches'});
  recent = h('div', {class: 'rail-list', test: 'rail-conversations'});
  foot = h('div', {class: 'rail-foot'});
  fill(root, h('a', {class: 'brand', href: '/'}, icon('brand'), t('name')), add, links, collections, saved, recent, h('span', {class: 'gap'}), foot);
}

function mark() {
  const {view, params, query} = here();
  const shown = {document: 'library', fields: 'library', compare: 'library', digest: 'library', lab: 'search', review: 'study', quiz: 'study', made: 'study', labelset: 'labels', asked: 'labels', workflows: 'work', workflow: 'work', executions: 'work', execution: 'work', approvals: 'work', approval: 'work', schedules: 'work', failed: 'work', meetings: 'work', meeting: 'work', connections: 'work', connection: 'work'}[view] || view;
  for (const link of root.querySelectorAll('.place')) {
    const now = link.dataset.view === shown && !(shown === 'library' && query.collection);
    link.toggleAttribute('aria-current', false);
    if (now) link.setAttribute('aria-current', 'page');
  }
  for (const link of root.querySelectorAll('.rail-list a')) {
    const now = link.dataset.id === ({library: query.collection, search: query.saved, ask: params.id}[view]);
    if (now) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function paintCollections() {
  fill(collections, h('h2', {}, t('rail.collections'), mayWrite() && h('button', {class: 'icon', onclick: newCollection, test: 'collection-new',
    'aria-label': t('collection.new'), title: t('collection.new')}, icon('add'))),
    state.collections.map((one) => h('a', {class: 'leaf', href: `/library?collection=${one.id}`, data: {id: one.id}},
      h('span', {}, lockSign(one), one.name), h('b', {class: 'number'}, number(one.documents)))));
  mark();
}

function paintSaved() {
  fill(saved, state.saved.length > 0 && h('h2', {}, t('saved.title')), savedLeaves());
  mark();
}

function paintRecent() {
  fill(recent, state.conversations.length > 0 && h('h2', {}, t('rail.recent')),
    state.conversations.slice(0, RECENT).map((one) =>
      h('a', {class: 'leaf', href: `/ask/${one.id}`, data: {id: one.id}, title: one.title}, h('span', {}, one.title))));
  mark();
}

function paintCounts() {
  const count = root.querySelector('[data-view=library] b');
  say(count, state.statistics ? number(state.statistics.documents) : '');
}

function paintFoot() {
  const {user, workspace, workspaces, server} = state.session;
  const notices = (server && server.notices) || [];
  fill(foot, notices.length > 0 && h('a', {class: 'leaf notice', href: '/settings/server', test: 'notices'}, icon('notice'),
    h('span', {}, t('rail.notices', {count: notices.length}))),
    user && h('a', {class: 'leaf', href: '/settings', test: 'who'}, h('span', {}, user.name || user.email), h('small', {}, workspace && workspace.name)));
  if (workspaces.length > 1) import('./workspaces.js').then((part) => foot.append(part.menu()), () => {});
}

async function refreshCounts() {
  state.statistics = await get('/v1/statistics').catch(() => state.statistics);
  paintCounts();
  emit('counts');
}

async function refreshTold() {
  const told = await get('/v1/notices', {limit: 1}).catch(() => null);
  if (told) say(root.querySelector('[data-view=settings] b'), told.unread ? number(told.unread) : '');
  const asked = mayRead() && await get('/v1/approvals', {mine: 1, limit: ASKED_MOST}).catch(() => null);
  if (asked) say(root.querySelector('[data-view=work] b'), asked.items.length ? number(asked.items.length) : '');
}

async function refreshCollections() {
  const page = await get('/v1/collections', {limit: 100}).catch(() => null);
  if (page) state.collections = page.items;
  paintCollections();
}

async function refreshConversations() {
  const page = await get('/v1/conversations', {limit: 20}).catch(() => null);
  if (page) state.conversations = page.items;
  paintRecent();
}

let due = 0;
function soon() {
  if (!due) due = setTimeout(() => { due = 0; refreshCounts(); refreshCollections(); if (state.saved.length) refreshSaved(); }, 800);
}

export function start() {
  root = document.getElementById('rail');
  root.setAttribute('aria-label', t('rail.title'));
  build();
  on('route', mark);
  on('noted', mark);
  on('saved', paintSaved);
  on('collections', refreshCollections);
  on('collections-paint', paintCollections);
  on('conversations', refreshConversations);
  on('event:removed', soon);
  on('event:document', (document) => { if (document.state === 'ready' || document.state === 'queued') soon(); });
  on('documents', soon);
  on('event:notices', refreshTold);
  on('listening', refreshTold);
  on('event:open', (missed) => { if (missed) refreshTold(); });
  on('told', refreshTold);
}

// Resolves when what the first view needs to name things is known.
export function show() {
  add.hidden = !mayWrite();
  for (const {view} of PLACES) root.querySelector(`[data-view=${view}]`).hidden = view !== 'library' && !mayRead();
  paintFoot();
  paintCollections();
  paintRecent();
  mark();
  if (mayRead()) {
    refreshConversations();
    refreshSaved();
  }
  return Promise.all([refreshCounts(), refreshCollections(), readSample()]);
}
