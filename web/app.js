// app.js - starts the page: asks who is here, shows the shell or the welcome, and one view for each address.
import {h, fill, focusGently} from './dom.js';
import {rename, t} from './texts.js';
import {get, remove, isElsewhere, ApiError} from './api.js';
import {state, on, mayRead} from './state.js';
import * as router from './router.js';
import * as keys from './keys.js';
import * as events from './events.js';
import * as rail from './parts/rail.js';
import * as reader from './parts/reader.js';
import * as tray from './parts/tray.js';
import * as work from './parts/work.js';
import * as drop from './parts/drop.js';
import {showPalette} from './parts/palette.js';
import {showKeys} from './parts/help.js';
import {problem} from './parts/problem.js';
import {toast} from './parts/toast.js';

const shell = document.getElementById('shell');
const main = document.getElementById('main');
const FIRST_WAIT_MS = 300;
const SOON = ['ask', 'search', 'library', 'document', 'conversations', 'tasks', 'study', 'settings']; // what most people go to next
const FIRST = ['ask', 'search', 'library']; // views that need no more words than there are
const HINT = 'lectern-signed-in';
let leave = null;   // undoes the view that is showing
let turn = 0;       // counts navigations, so that a slow module never overtakes a later one

function unreachable() {
  fill(main, h('div', {class: 'pad'}, problem(new ApiError('network', t('error.network'), 0), () => show(router.here()))));
}

let rest = null; // words and looks that the first views do without

function style(href) {
  return new Promise((done) => document.head.append(h('link', {rel: 'stylesheet', href, onload: done, onerror: done})));
}

async function fetchView(name) {
  if (!FIRST.includes(name)) await (rest ??= Promise.all([import('./texts_flow.js'), import('./texts_lessons.js'), import('./texts_settings.js'), style(new URL('work.css', import.meta.url))]));
  return import(`./views/${name}.js`);
}

// Once the page is at rest these views are fetched, so that going there waits for nothing.
function fetchViews() {
  const idle = window.requestIdleCallback || ((run) => setTimeout(run, 1000));
  idle(() => SOON.forEach((name) => fetchView(name).catch(() => null)));
}

// Modules of views come when they are first needed; a view returns its clean-up, or {cleanup, title, focus}.
// Who asks nothing begins in the library.
async function show({view: wanted, params, query}) {
  if (!state.session || !state.session.user || state.session.second_factor_missing) return;
  const view = wanted === 'ask' && !mayRead() ? 'library' : wanted;
  const mine = ++turn;
  const module = await fetchView(view).catch(() => null);
  if (mine !== turn) return;
  if (!module) return unreachable();
  reader.close();
  if (leave) leave();
  leave = null;
  fill(main);
  main.dataset.view = view;
  const result = module.render(main, {...params, query}) || {};
  leave = typeof result === 'function' ? result : result.cleanup || null;
  document.title = result.title ? `${result.title} · ${t('name')}` : t('name');
  const focus = result.focus || main.querySelector('h1');
  if (focus) focusGently(focus);
}

// Whether somebody was signed in here last time decides what is painted before the server has answered.
function hint(signedIn) {
  try {
    if (signedIn) localStorage.setItem(HINT, 'yes');
    else localStorage.removeItem(HINT);
  } catch {
    // Without storage the frame is painted a moment later.
  }
}

function hinted() {
  try {
    return localStorage.getItem(HINT) === 'yes';
  } catch {
    return false;
  }
}

async function welcome(view = 'welcome') {
  hint(false);
  turn++;
  events.stop();
  reader.close();
  if (leave) leave();
  shell.dataset.state = 'welcome';
  const module = await import(`./views/${view}.js`);
  leave = module.render(main, {});
}

// The frame is there at once; the first view waits for names and counts only as long as nobody notices.
async function enter() {
  if (!state.session.user || state.session.second_factor_missing) return welcome();
  hint(true);
  shell.dataset.state = 'ready';
  const known = rail.show();
  events.start();
  await Promise.race([known, new Promise((done) => setTimeout(done, FIRST_WAIT_MS))]);
  show(router.here());
  fetchViews();
  const unsent = work.takeUnsent();
  if (unsent.length) toast(t('tray.unsent', {count: unsent.length}));
}

async function signOut() {
  const left = await remove('/v1/session').catch(() => null);
  if (left) location.assign(left.sign_out_url);
  else await boot();
}

async function boot() {
  try {
    state.session = await get('/v1/session');
    rename(state.session.server.name);
    if (location.pathname.startsWith('/account/')) await welcome('link');
    else await enter();
  } catch (error) {
    shell.dataset.state = 'welcome';
    fill(main, h('div', {class: 'welcome'}, problem(error, boot)));
  }
}

// A session that ended elsewhere: sign in again, and be where one was.
async function expired() {
  if (shell.dataset.state !== 'ready') return;
  state.session = await get('/v1/session').catch(() => null) || {user: null};
  if (!state.session.user) {
    await welcome();
    toast(t('session.expired'));
  }
}

// What is told ends when a session changes its workspace, and begins again in the other.
const lookWhere = () => get('/v1/session').then(isElsewhere, () => {});

function slash() {
  const field = document.querySelector('[data-slash]');
  if (field) field.focus();
  else router.go('/ask');
}

function begin() {
  if (!hinted()) shell.dataset.state = 'welcome';
  const skip = document.getElementById('skip');
  skip.textContent = t('skip');
  skip.addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  router.watch();
  keys.watch();
  keys.bind({'Mod+k': showPalette, '?': showKeys, '/': slash});
  [rail, reader, tray, work, drop].forEach((part) => part.start());
  on('route', show);
  on('route-again', () => show(router.here()));
  on('palette', showPalette);
  on('sign-out', signOut);
  on('signed-in', enter);
  on('signed-out', expired);
  on('event:open', (again) => { if (again) lookWhere(); });
  on('event:notice', ({text}) => { if (text) toast(text); });
  boot();
}

begin();
