// filters.js - the row of choices above search and library; each is one part of the address.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {state} from '../state.js';

function select(name, label, options, value, changed) {
  const element = h('select', {class: 'chip', 'aria-label': label, title: label, test: `filter-${name}`},
    options.map(([key, text]) => h('option', {value: key}, text)));
  element.value = value || '';
  if (element.selectedIndex < 0) {
    element.append(h('option', {value}, value));
    element.value = value;
  }
  element.dataset.set = element.value ? 'yes' : 'no';
  element.addEventListener('change', () => {
    element.dataset.set = element.value ? 'yes' : 'no';
    changed({[name]: element.value});
  });
  return element;
}

const CHOICES = {
  format: () => [['', t('filter.format')], ...((state.session.server && state.session.server.formats) || []).map((one) => [one, one.toUpperCase()])],
  collection: () => [['', t('filter.collection')], ...state.collections.map((one) => [one.id, one.name])],
  tag: () => [['', t('filter.tag')]],
  state: () => [['', t('filter.state')], ['ready', t('filter.ready')], ['queued', t('stage.queued')], ['extracting', t('stage.reading')],
                ['indexing', t('stage.indexing')], ['failed', t('stage.failed')], ['cancelled', t('stage.cancelled')]],
  order: () => [['', t('order.newest')], ['created', t('order.oldest')], ['name', t('order.name')], ['size', t('order.size')]],
  mode: () => [['', t('mode.hybrid')], ['keyword', t('mode.keyword')], ['semantic', t('mode.semantic')]],
};

function date(name, value, changed) {
  const input = h('input', {type: 'date', value: value || '', test: `filter-${name}`});
  input.addEventListener('change', () => changed({[name]: input.value}));
  return h('label', {class: 'chip dated'}, t(`filter.${name}`), input);
}

// Tags are many and change: they come after the row is there, into a choice that keeps its width.
async function fillTags(element, value) {
  const page = await get('/v1/tags', {limit: 200}).catch(() => null);
  if (!page) return;
  for (const one of page.items) if (one.tag !== value) element.append(h('option', {value: one.tag}, one.tag));
}

export function filters(names, query, changed) {
  const row = h('div', {class: 'filters', role: 'group', 'aria-label': t('filter.title')});
  for (const name of names) {
    if (name === 'after' || name === 'before') row.append(date(name, query[name], changed));
    else {
      const label = t(`filter.label_${name}`);
      const element = select(name, label, CHOICES[name](), query[name], changed);
      if (name === 'tag') fillTags(element, query.tag);
      row.append(element);
    }
  }
  return row;
}
