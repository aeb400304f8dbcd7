// saved.js - searches kept under a name: in the rail and on the empty search page, with how many documents are new in each.
import {h} from '../dom.js';
import {t, ago, number} from '../texts.js';
import {get, post, put, remove, address} from '../api.js';
import {state, emit} from '../state.js';
import {field, formDialog} from './forms.js';
import {icon} from './icons.js';
import {toast} from './toast.js';

// The parts of a search's address as the filters of a saved one, and back.
const LISTS = {collection: 'collections', format: 'formats', tag: 'tags', document: 'documents'};

export function filtersOf(query) {
  const filters = {};
  for (const [name, list] of Object.entries(LISTS)) if (query[name]) filters[list] = [query[name]];
  if (query.quality) filters.metadata = [`extraction_quality=${query.quality}`];
  if (query.after) filters.after = `${query.after}T00:00:00Z`;
  if (query.before) filters.before = `${query.before}T23:59:59Z`;
  return filters;
}

// What the choices of the page cannot show stays with the server: a saved search is run there by its id.
export function savedAddress(one) {
  const {filters} = one;
  const query = {q: one.query, mode: one.mode === 'hybrid' ? '' : one.mode, saved: one.id};
  for (const [name, list] of Object.entries(LISTS)) query[name] = (filters[list] || [])[0];
  query.quality = ((filters.metadata || [])[0] || '').replace('extraction_quality=', '');
  query.after = (filters.after || '').slice(0, 10);
  query.before = (filters.before || '').slice(0, 10);
  return address('/search', query);
}

export async function refreshSaved() {
  const page = await get('/v1/search/saved').catch(() => null);
  if (page) state.saved = page.items;
  emit('saved');
}

// It was just run: what it found is no longer new.
export function seen(id) {
  const one = state.saved.find((other) => other.id === id);
  if (!one || !one.new_count) return;
  one.new_count = 0;
  emit('saved');
}

const bodyOf = ({name, query, mode, filters}) => ({name, query, mode, filters});

// A family is no filter of the server, so it goes into the words.
const textOf = (query) => [query.q.trim(), query.family && `type:${query.family}`].filter(Boolean).join(' ');

// Of a filter with several values the page shows the first: the others stay as long as that one does.
function filtersAfter(one, query) {
  const filters = filtersOf(query);
  for (const list of [...Object.values(LISTS), 'metadata']) {
    const before = one.filters[list] || [];
    if (filters[list] && filters[list][0] === before[0]) filters[list] = before;
  }
  return filters;
}

// The saved search becomes what is searched for now; what it was comes back by undo.
export async function replaceSaved(one, query, done) {
  const path = `/v1/search/saved/${one.id}`;
  try {
    await put(path, bodyOf({...one, query: textOf(query), mode: query.mode || 'hybrid', filters: filtersAfter(one, query)}));
    await refreshSaved();
    done();
    toast(t('saved.replaced', {name: one.name}), {undo: () => put(path, bodyOf(one)).then(refreshSaved, (error) => toast(error.message))});
  } catch (error) {
    toast(error.message);
  }
}

// `query`: the parts of the address.
export function saveSearch(query, done) {
  const text = textOf(query);
  formDialog({
    title: t('saved.save'), submit: t('do.save'), test: 'saved',
    fields: [field({name: 'name', label: t('saved.name'), value: text.slice(0, 80), required: true, maxlength: 200, autocomplete: 'off'})],
    send: async ({name}) => {
      const made = await post('/v1/search/saved', {name, query: text, mode: query.mode || 'hybrid', filters: filtersOf(query)});
      await refreshSaved();
      toast(t('saved.done', {name: made.name}));
      done(made);
    },
  });
}

function rename(one) {
  formDialog({
    title: t('saved.rename'), submit: t('do.save'), test: 'saved',
    fields: [field({name: 'name', label: t('saved.name'), value: one.name, required: true, maxlength: 200, autocomplete: 'off'})],
    send: async ({name}) => {
      await put(`/v1/search/saved/${one.id}`, bodyOf({...one, name}));
      await refreshSaved();
    },
  });
}

function forget(one) {
  state.saved = state.saved.filter((other) => other !== one);
  emit('saved');
  toast(t('saved.removed', {name: one.name}), {
    undo: refreshSaved,
    commit: () => remove(`/v1/search/saved/${one.id}`, null, {keepalive: true}).catch((error) => { toast(error.message); refreshSaved(); }),
  });
}

const freshCount = (one) => one.new_count > 0 && h('b', {class: 'fresh-count', title: t('saved.new', {count: one.new_count}), test: 'saved-new'}, t('saved.new', {count: one.new_count}));

function row(one) {
  const act = (key, name, run, test) => h('button', {class: 'icon', 'aria-label': t(key, {name: one.name}), title: t(key, {name: one.name}), onclick: run, test}, icon(name));
  return h('li', {class: 'line', test: 'saved-row'}, h('a', {class: 'line-name', href: savedAddress(one), test: 'saved-run'}, h('b', {}, one.name), one.query !== one.name && h('small', {}, one.query)),
    freshCount(one), h('small', {class: 'wide-only'}, one.last_run_at ? t('saved.ran', {ago: ago(one.last_run_at)}) : t('saved.never')),
    act('saved.rename_of', 'edit', () => rename(one), 'saved-rename'), act('saved.remove', 'close', () => forget(one), 'saved-remove'));
}

// On the search page while nothing is searched for.
export const savedSection = () => state.saved.length > 0
  && h('section', {class: 'recent', test: 'saved-list'}, h('div', {class: 'row'}, h('h2', {}, t('saved.title'))), h('ul', {class: 'lines'}, state.saved.map(row)));

// In the rail.
export const savedLeaves = () => state.saved.map((one) => h('a', {class: 'leaf', href: savedAddress(one), data: {id: one.id}, title: one.query, test: 'rail-saved'},
  h('span', {}, one.name), one.new_count > 0 && h('b', {class: 'number fresh-count', title: t('saved.new', {count: one.new_count})}, number(one.new_count))));
