// router.js - the address is the state: a path chooses the view, the query what it shows.
import {emit} from './state.js';

const ROUTES = [
  ['/', 'ask'], ['/ask', 'ask'], ['/ask/:id', 'ask'],
  ['/conversations', 'conversations'],
  ['/tasks', 'tasks'],
  ['/personas', 'personas'], ['/prompts', 'prompts'], ['/shared/:id', 'shared'],
  ['/search', 'search'], ['/search/measure', 'lab'],
  ['/library', 'library'], ['/fields', 'fields'],
  ['/documents/:id', 'document'], ['/compare', 'compare'], ['/digest/:id', 'digest'],
  ['/labels', 'labels'], ['/labels/asked', 'asked'], ['/labels/:id', 'labelset'],
  ['/study', 'study'], ['/study/review', 'review'], ['/study/quizzes/:id', 'quiz'], ['/study/made/:id', 'made'],
  ['/workflows', 'workflows'], ['/workflows/:id', 'workflow'], ['/executions', 'executions'], ['/executions/:id', 'execution'],
  ['/approvals', 'approvals'], ['/approvals/:id', 'approval'], ['/schedules', 'schedules'], ['/failed', 'failed'],
  ['/meetings', 'meetings'], ['/meetings/:id', 'meeting'],
  ['/connections', 'connections'], ['/connections/:id', 'connection'],
  ['/settings', 'settings'], ['/settings/:section', 'settings'],
];

function match(pattern, path) {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return null;
  const params = {};
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i].startsWith(':')) params[wanted[i].slice(1)] = decodeURIComponent(given[i]);
    else if (wanted[i] !== given[i]) return null;
  }
  return params;
}

// {view, params, query} for the address as it stands.
export function here() {
  const query = Object.fromEntries(new URLSearchParams(location.search));
  for (const [pattern, view] of ROUTES) {
    const params = match(pattern, location.pathname);
    if (params) return {view, params, query};
  }
  return {view: 'missing', params: {}, query};
}

export function go(path, {replace = false} = {}) {
  if (path === location.pathname + location.search) return emit('route', here());
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  emit('route', here());
}

// Writes the state of the view that is showing into the address, without showing it anew.
export function note(path) {
  history.replaceState(null, '', path);
  emit('noted', here());
}

// The address with some parts of its query changed; '' and null take a part away.
export function withQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const tail = query.toString();
  return location.pathname + (tail ? `?${tail}` : '');
}

function isOurs(event, link) {
  return link && !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey
    && !event.altKey && !link.target && !link.hasAttribute('download') && link.origin === location.origin
    && !/^\/(v1|docs|openapi\.json|health|metrics)\b/.test(link.pathname);
}

export function watch() {
  addEventListener('popstate', () => emit('route', here()));
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (!isOurs(event, link)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
