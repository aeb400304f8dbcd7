// filters.js - the row of choices above search and library; each is one part of the address.
import {h, fadeEdges} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {state} from '../state.js';
import {icon} from './icons.js';
import {FAMILIES, formats, familyName} from './families.js';

const GRADES = ['excellent', 'good', 'fair', 'poor'];

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
  collection: () => [['', t('filter.collection')], ...state.collections.map((one) => [one.id, one.name])],
  tag: () => [['', t('filter.tag')]],
  quality: () => [['', t('filter.quality')], ...GRADES.map((grade) => [grade, t(`quality.${grade}`)])],
  state: () => [['', t('filter.state')], ['ready', t('filter.ready')], ['queued', t('stage.queued')], ['extracting', t('stage.reading')],
                ['indexing', t('stage.indexing')], ['failed', t('stage.failed')], ['cancelled', t('stage.cancelled')]],
  order: () => [['', t('order.newest')], ['created', t('order.oldest')], ['name', t('order.name')], ['size', t('order.size')]],
  mode: () => [['', t('mode.hybrid')], ['keyword', t('mode.keyword')], ['semantic', t('mode.semantic')], ['private', t('mode.private')]],
};

function date(name, value, changed) {
  const input = h('input', {type: 'date', value: value || '', test: `filter-${name}`});
  input.addEventListener('change', () => changed({[name]: input.value}));
  return h('label', {class: 'chip dated'}, t(`filter.${name}`), input);
}

// What the server alone knows comes after the row is there, into choices that keep their width.
const LATER = {
  tag: {path: '/v1/tags', option: (one) => [one.tag, one.tag]},
};

// Kinds of documents first, then every single type: ?family=picture or ?format=pdf.
function typeSelect(query, changed) {
  const element = h('select', {class: 'chip', 'aria-label': t('filter.label_format'), title: t('filter.label_format'), test: 'filter-format'},
    h('option', {value: ''}, t('filter.format')), h('optgroup', {label: t('filter.families')}, FAMILIES.map((one) => h('option', {value: `family:${one}`}, familyName(one)))),
    query.format && h('option', {value: query.format}, query.format.toUpperCase()));
  const value = query.format || (query.family ? `family:${query.family}` : '');
  element.value = value;
  const mark = () => { element.dataset.set = element.value ? 'yes' : 'no'; };
  mark();
  formats().then((list) => {
    const chosen = element.value;
    element.querySelectorAll(':scope > option:not([value=""])').forEach((one) => one.remove());
    element.append(h('optgroup', {label: t('filter.exact')}, list.map((one) => h('option', {value: one.name}, one.title || one.name))));
    element.value = chosen;
  });
  element.addEventListener('change', () => {
    mark();
    const family = element.value.startsWith('family:') ? element.value.slice(7) : '';
    changed({family, format: family ? '' : element.value});
  });
  return element;
}

async function fillLater(element, {path, option}, value) {
  const page = await get(path, {limit: 100}).catch(() => null);
  if (!page) return;
  for (const [key, text] of page.items.map(option)) {
    const there = [...element.options].find((one) => one.value === key);
    if (there) there.textContent = text;
    else element.append(h('option', {value: key}, text));
  }
  element.value = value || '';
}

// A search within one document says so, and goes back to the whole library by the same chip.
function inOne(forget) {
  const chip = h('button', {class: 'chip', data: {set: 'yes'}, test: 'filter-document', onclick: () => { chip.remove(); forget(); }},
    t('filter.document'), icon('close'));
  return chip;
}

export function filters(names, query, changed) {
  const row = h('div', {class: 'filters', role: 'group', 'aria-label': t('filter.title')});
  for (const name of names) {
    if (name === 'after' || name === 'before') row.append(date(name, query[name], changed));
    else if (name === 'format') row.append(typeSelect(query, changed));
    else {
      const label = t(`filter.label_${name}`);
      const element = select(name, label, CHOICES[name](), query[name], changed);
      if (LATER[name]) fillLater(element, LATER[name], query[name]);
      row.append(element);
    }
  }
  if (query.document) row.prepend(inOne(() => changed({document: ''})));
  fadeEdges(row);
  return row;
}
