// work.js - everything that runs: uploads of this tab (three at a time), documents the server is reading, and its long work.
// An item goes: waiting, sending, queued, extracting, indexing, ready; or failed, refused, cancelled, duplicate. Long work
// (item.job, see GET /v1/work) goes: queued, working, done; or failed, cancelled.
import {get, post, errorFrom, ApiError} from '../api.js';
import {emit, on, state} from '../state.js';
import {t, bytes} from '../texts.js';

const PARALLEL = 3;
const POLL_MS = 3000;
const STALE_MS = 6000;
const UNSENT = 'lectern-unsent';
const ENDED = new Set(['ready', 'done', 'failed', 'refused', 'cancelled', 'duplicate']);
const JOB_STATES = {waiting: 'queued', running: 'working', done: 'done', dead: 'failed', cancelled: 'cancelled'};
const SHORT_MS = 1000;  // work that is over sooner needs no row

const items = new Map();  // key -> item, in order of arrival
const ids = new Map();    // document id -> item
const early = new Map();  // document id -> what was heard of it before its upload was answered
const coming = new Map(); // job id -> timer: it gets a row when it still runs then
let serial = 0;
let painted = false;

export const ended = (item) => ENDED.has(item.state);
export const list = () => [...items.values()];

// Many events a second become one change a frame.
function changed() {
  if (painted) return;
  painted = true;
  requestAnimationFrame(() => {
    painted = false;
    emit('work');
  });
}

function remember() {
  const names = list().filter((one) => one.state === 'waiting' || one.state === 'sending').map((one) => one.name);
  try {
    if (names.length) localStorage.setItem(UNSENT, JSON.stringify(names.slice(0, 1000)));
    else localStorage.removeItem(UNSENT);
  } catch {
    // Private windows may refuse storage; then only the reminder after a reload is missing.
  }
}

// Names that were still to be sent when the page went away; asking forgets them.
export function takeUnsent() {
  try {
    const names = JSON.parse(localStorage.getItem(UNSENT) || '[]');
    localStorage.removeItem(UNSENT);
    return names;
  } catch {
    return [];
  }
}

// files: [{file, path}]
export function upload(files, {collection} = {}) {
  for (const {file, path} of files) {
    const key = `u${++serial}`;
    items.set(key, {key, name: path || file.name, file, collection, mine: true, state: 'waiting', loaded: 0, total: file.size,
                    idempotency: `${Date.now()}-${serial}-${Math.random().toString(36).slice(2)}`});
  }
  remember();
  changed();
  pump();
}

function pump() {
  const sending = list().filter((one) => one.state === 'sending').length;
  const waiting = list().filter((one) => one.state === 'waiting' && !(one.notBefore > Date.now()));
  waiting.slice(0, Math.max(0, PARALLEL - sending)).forEach(sendFile);
}

function refuse(item, error) {
  item.state = 'refused';
  item.error = error;
}

function tooLarge(item) {
  const most = state.session && state.session.server && state.session.server.upload_max;
  return most && item.total > most;
}

function sendFile(item) {
  if (tooLarge(item)) {
    refuse(item, new ApiError('too_large', t('tray.too_large', {size: bytes(item.total), most: bytes(state.session.server.upload_max)}), 413));
    return settled();
  }
  const form = new FormData();
  if (item.collection) form.append('collection', item.collection);
  form.append('file', item.file, item.name);
  const xhr = new XMLHttpRequest();
  item.xhr = xhr;
  item.state = 'sending';
  item.started = performance.now();
  xhr.open('POST', '/v1/documents');
  xhr.setRequestHeader('X-CSRF-Token', (state.session && state.session.csrf) || '');
  xhr.setRequestHeader('Idempotency-Key', item.idempotency);
  xhr.upload.onprogress = (event) => {
    item.loaded = Math.min(event.loaded, item.total);
    changed();
  };
  xhr.onload = () => arrived(item, xhr);
  xhr.onerror = () => interrupted(item);
  xhr.onabort = () => { item.state = 'cancelled'; settled(); };
  xhr.send(form);
  changed();
}

function settled() {
  remember();
  changed();
  pump();
}

// The connection broke: the same key makes a second try harmless, so it is tried again by itself, ever later.
function interrupted(item) {
  item.tries = (item.tries || 0) + 1;
  if (item.tries > 6) refuse(item, new ApiError('network', t('error.network'), 0));
  else {
    item.state = 'waiting';
    item.notBefore = Date.now() + 1000 * 2 ** item.tries;
    setTimeout(pump, 1000 * 2 ** item.tries + 50);
  }
  settled();
}

function arrived(item, xhr) {
  let body = null;
  try {
    body = JSON.parse(xhr.responseText);
  } catch {
    // An answer that is not JSON came from something between us and the server.
  }
  const document = body && body.documents && body.documents[0];
  if (xhr.status === 429 || xhr.status === 503) return interrupted(item);
  if (document) adopt(item, document);
  else refuse(item, errorFrom(xhr.status, body));
  if (xhr.status === 401) emit('signed-out');
  item.xhr = null;
  settled();
}

function adopt(item, document) {
  // The event may have come before the answer, and then the document is here already as one of unknown origin.
  const stranger = byId(document.id);
  if (stranger && stranger !== item && !stranger.mine) drop(stranger);
  item.id = document.id;
  item.page = `/documents/${item.id}`;
  ids.set(item.id, item);
  item.file = null;
  apply(item, document);
  const later = early.get(document.id);
  if (later) apply(item, later);
  early.delete(document.id);
  if (document.duplicate && item.state === 'ready') item.state = 'duplicate';
}

function apply(item, document) {
  item.state = document.state;
  item.searchable = document.searchable;
  item.progress = document.progress;
  item.error = document.error;
  item.pages = document.pages ?? item.pages;
  item.heard = Date.now();
}

// --- Long work of the server ---

// What an event says is only how far it is; the rest is of an answer.
function applyJob(item, job) {
  item.state = JOB_STATES[job.state];
  item.progress = {stage: job.stage, done: job.done, total: job.total, seconds_left: job.seconds_left};
  item.heard = Date.now();
  if (!job.title) return;
  item.name = job.about ? `${job.title}: ${job.about}` : job.title;
  Object.assign(item, {page: job.page, mine: job.mine, mayCancel: job.can_cancel, mayRetry: job.can_retry, error: job.error});
}

function adoptJob(job) {
  const key = `j${job.id}`;
  const item = items.get(key) || {key, job: job.id};
  applyJob(item, job);
  items.set(key, item);
  changed();
}

async function readJob(id) {
  coming.delete(id);
  try {
    adoptJob(await get(`/v1/work/${id}`));
  } catch (error) {
    if (error.status === 404) items.delete(`j${id}`);
    changed();
  }
}

function heardJob(job) {
  const item = items.get(`j${job.id}`);
  const over = ENDED.has(JOB_STATES[job.state]);
  if (item) {
    // Only an answer says why it failed; and news may be older than the answer that ended it here.
    if (over || ended(item)) return readJob(job.id);
    applyJob(item, job);
    return changed();
  }
  if (over) {
    clearTimeout(coming.get(job.id));
    coming.delete(job.id);
  } else if (!coming.has(job.id)) coming.set(job.id, setTimeout(() => readJob(job.id), SHORT_MS));
}

// Every event asks by id, and a folder may hold thousands.
const byId = (id) => ids.get(id);

function drop(item) {
  items.delete(item.key);
  if (ids.get(item.id) === item) ids.delete(item.id);
}

function keep(item) {
  items.set(item.key, item);
  if (item.id) ids.set(item.id, item);
}

// The server may speak of a file, even to its end, before it has answered the upload: the row is there already.
function isOnItsWay(document) {
  const sending = list().filter((one) => one.state === 'sending');
  if (!sending.length) early.clear();
  else early.set(document.id, document);
  return sending.some((one) => one.name === document.path || one.name === document.name);
}

function heard(document) {
  let item = byId(document.id);
  if (!item) {
    if (isOnItsWay(document) || ENDED.has(document.state)) return;
    item = {key: `d${document.id}`, id: document.id, page: `/documents/${document.id}`, name: document.name || '', state: 'queued'};
    keep(item);
  }
  item.events = (item.events || 0) + 1;
  apply(item, document);
  changed();
}

// Documents that other tabs sent are shown while they run and leave by themselves; ours stay until they are cleared.
function sweep() {
  for (const item of list()) {
    if (!item.mine && ended(item) && item.state !== 'failed' && Date.now() - item.heard > 2 * POLL_MS) drop(item);
  }
  changed();
}

// Events may be missed (a sleeping laptop): what was silent for long is asked for.
async function poll() {
  const stale = list().filter((one) => (one.id || one.job) && !ended(one) && Date.now() - one.heard > STALE_MS);
  await Promise.all(stale.slice(0, 5).map(async (item) => {
    if (item.job) return readJob(item.job);
    try {
      apply(item, await get(`/v1/documents/${item.id}/status`));
    } catch (error) {
      if (error.status === 404) drop(item);
      else item.heard = Date.now();
    }
  }));
  if (list().some((one) => !one.mine && ended(one))) sweep();
  if (stale.length) changed();
}

async function readRunning() {
  get('/v1/work').then((page) => page.items.forEach(adoptJob), () => null);
  list().filter((one) => one.job && !ended(one)).forEach((one) => readJob(one.job));
  const pages = await Promise.all(['extracting', 'indexing', 'queued'].map((name) =>
    get('/v1/documents', {state: name, limit: 50}).catch(() => ({items: []}))));
  pages.flatMap((page) => page.items).forEach(heard);
}

export function start() {
  on('event:document', heard);
  on('event:work', heardJob);
  on('event:removed', ({id}) => {
    const item = byId(id);
    if (item) drop(item);
    changed();
  });
  on('listening', readRunning);
  on('event:open', (missed) => { if (missed) readRunning(); });
  setInterval(poll, POLL_MS);
  addEventListener('online', () => {
    list().forEach((one) => { one.notBefore = 0; });
    pump();
  });
  addEventListener('beforeunload', (event) => {
    if (list().some((one) => one.state === 'sending' || one.state === 'waiting')) event.preventDefault();
  });
}

// What was heard while the server answered is newer than the answer.
async function told(item, asked) {
  const before = item.events;
  const answer = await asked;
  if (item.events === before) apply(item, answer);
}

export async function cancel(item) {
  if (item.xhr) return item.xhr.abort();
  if (item.job) return adoptJob(await post(`/v1/work/${item.job}/cancel`));
  if (!item.id) {
    item.state = 'cancelled';
    return settled();
  }
  await told(item, post(`/v1/documents/${item.id}/cancel`));
  changed();
}

export async function retry(item, password) {
  if (item.job) return adoptJob(await post(`/v1/work/${item.job}/retry`));
  if (!item.id) {
    Object.assign(item, {state: 'waiting', error: null, tries: 0, notBefore: 0, loaded: 0});
    return settled();
  }
  item.tried = Boolean(password);
  await told(item, post(`/v1/documents/${item.id}/retry`, password ? {password} : {}));
  keep(item);
  changed();
}

// Retry or unlock a document that is not in the tray: it comes into it.
export function retryDocument(document, password) {
  const item = byId(document.id) || {key: `d${document.id}`, id: document.id, page: `/documents/${document.id}`, name: document.name, mine: true};
  return retry(item, password);
}

export function clearEnded() {
  for (const item of list()) if (ended(item)) drop(item);
  changed();
}

// What remains of an upload: seconds at the speed so far.
export function secondsLeft(item) {
  if (item.state === 'sending' && item.loaded > 0) {
    const spent_s = (performance.now() - item.started) / 1000;
    return spent_s > 0.5 ? (item.total - item.loaded) * spent_s / item.loaded : null;
  }
  return item.progress && !ended(item) ? item.progress.seconds_left ?? null : null;
}

export function percent(item) {
  if (item.state === 'sending') return item.total ? Math.floor(100 * item.loaded / item.total) : 0;
  if (item.state === 'ready' || item.state === 'done' || item.state === 'duplicate') return 100;
  if (!item.progress) return null;
  const {percent: given, done, total} = item.progress;
  return total ? given ?? Math.floor(100 * done / total) : null;
}

// Documents that the server made itself, such as the sample library: into the tray as ours.
export function adoptAll(documents) {
  for (const document of documents || []) {
    const item = byId(document.id) || {key: `d${document.id}`, id: document.id, page: `/documents/${document.id}`, name: document.name, mine: true};
    keep(item);
    adopt(item, document);
  }
  changed();
}
