// recent.js - what one searched for lately, to search again or to forget; and for administrators what nobody found.
import {h} from '../dom.js';
import {t, ago} from '../texts.js';
import {get, remove} from '../api.js';
import {icon} from './icons.js';
import {toast} from './toast.js';

const MOST = 8;
const addressOf = (query) => `/search?q=${encodeURIComponent(query)}`;

function row(one, all) {
  const same = all.filter((other) => other.query === one.query);
  const item = h('li', {class: 'line', test: 'recent-row'}, h('a', {class: 'line-name', href: addressOf(one.query)}, one.query), h('small', {}, ago(one.created_at)),
    h('button', {class: 'icon', 'aria-label': t('recent.forget', {query: one.query}), title: t('recent.forget', {query: one.query}), test: 'recent-forget', onclick: async () => {
      item.remove();
      await Promise.all(same.map((other) => remove(`/v1/search/history/${other.id}`))).catch((error) => toast(error.message));
    }}, icon('close')));
  return item;
}

export async function recentSearches() {
  const page = await get('/v1/search/history', {limit: 50}).catch(() => null);
  if (!page || !page.items.length) return null;
  const seen = new Set();
  const fresh = page.items.filter((one) => !seen.has(one.query) && seen.add(one.query)).slice(0, MOST);
  const section = h('section', {class: 'recent', test: 'recent'}, h('div', {class: 'row'}, h('h2', {}, t('recent.title')),
    h('button', {class: 'plain small', test: 'recent-forget-all', onclick: () => {
      section.remove();
      remove('/v1/search/history').catch((error) => toast(error.message));
    }}, t('recent.forget_all'))), h('ul', {class: 'lines'}, fresh.map((one) => row(one, page.items))));
  return section;
}

// What people looked for: without any result, and without opening one of those they got.
async function missedOf(without) {
  const page = await get('/v1/search/unfound', {without, limit: 20}).catch(() => null);
  return page && page.items.length > 0 && h('section', {test: `missed-${without}`}, h('h2', {}, t(`missed.${without}`)), h('p', {class: 'status'}, t(`missed.${without}_lead`)),
    h('ul', {class: 'lines'}, page.items.map((one) => h('li', {class: 'line', test: 'missed-row'}, h('a', {class: 'line-name', href: addressOf(one.query)}, one.query),
      h('small', {}, [one.results > 0 && t('search.found', {count: one.results}), t('missed.times', {count: one.times}), ago(one.last_at)].filter(Boolean).join(' · '))))));
}

export const missedSearches = () => Promise.all(['results', 'opening'].map(missedOf));
