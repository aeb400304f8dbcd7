// operators.js - filters typed among the words: type:pdf, author:smith, pages:>=10, taken:2019, before:2019, quality:poor.
// They leave the field for the address as soon as they are whole, and are shown as chips that can be taken away.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {state} from '../state.js';
import {icon} from './icons.js';
import {FAMILIES, formats, familyName} from './families.js';

export const GRADES = ['excellent', 'good', 'fair', 'poor'];
const FACT = /^([\p{L}][\p{L}\p{N}_-]*)(>=|<=|=|<|>)(.+)$/u;

// "2019" and "2019-05" begin with their first day and end with their last.
export function wholeDay(text, last) {
  const [year, month, day] = text.split('-');
  if (day) return text;
  if (!last) return `${year}-${month || '01'}-01`;
  const end = new Date(Date.UTC(Number(year), month ? Number(month) : 12, 0));
  return end.toISOString().slice(0, 10);
}

const isDate = (text) => /^\d{4}(-\d{2}){0,2}$/.test(text);

// One typed word as parts of the address: {format}, {family}, {after}, {fact}; null when it is an ordinary word.
function read(key, value, known) {
  const name = key.toLowerCase();
  if (name === 'type' || name === 'format') return typed(value.toLowerCase(), known);
  if (name === 'before' && isDate(value)) return {before: wholeDay(value, false) && dayBefore(wholeDay(value, false))};
  if (name === 'after' && isDate(value)) return {after: wholeDay(value, false)};
  if (name === 'until' && isDate(value)) return {before: wholeDay(value, true)};
  if (name === 'tag') return {tag: value};
  if (name === 'in' || name === 'collection') {
    const found = state.collections.find((one) => one.name.toLowerCase() === value.toLowerCase());
    return found ? {collection: found.id} : null;
  }
  if (name === 'quality') return GRADES.includes(value.toLowerCase()) ? {quality: value.toLowerCase()} : null;
  const operator = /^(>=|<=|=|<|>)/.exec(value);
  const fact = operator ? name + value : `${name}=${value}`;
  return known.keys.has(name) && FACT.test(fact) ? {fact} : null;
}

function dayBefore(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86400000).toISOString().slice(0, 10);
}

function typed(value, known) {
  const single = value.replace(/s$/, '');
  const family = FAMILIES.find((one) => one === value || one.replace(/s$/, '') === single || familyName(one).toLowerCase() === value);
  const format = known.formats.find((one) => one.name === value) || known.formats.find((one) => one.extensions.includes(value));
  if (format && format.name !== value && family) return {family};
  if (format) return {format: format.name};
  return family ? {family} : null;
}

let names = null;

// The facts that the server filters by: key -> title.
function factNames() {
  if (!names) {
    names = get('/v1/facts').then((page) => new Map(page.items.map((one) => [one.key, one.title]))).catch(() => {
      names = null;
      return new Map();
    });
  }
  return names;
}

// Takes the whole operators out of what was typed: {text, values: {format, family, after, before, tag, collection}, facts: [..]}.
// The last word may still be typed, so it only counts when `whole` or when a space follows it.
export async function takeOperators(text, whole) {
  const found = {text, values: {}, facts: []};
  if (!/[\p{L}_]:\S/u.test(text)) return found;
  const [list, keys] = await Promise.all([formats(), factNames()]);
  const known = {formats: list, keys};
  found.text = text.replace(/(^|\s)([\p{L}_]+):("[^"]*"|[^\s"]+)(?=(\s|$))/gu, (all, before, key, quoted, after) => {
    if (!after && !whole && !quoted.endsWith('"')) return all;
    const read_ = read(key, quoted.replace(/^"|"$/g, ''), known);
    if (!read_) return all;
    const {fact, ...values} = read_;
    Object.assign(found.values, values);
    if (fact) found.facts.push(fact);
    return before;
  });
  return found;
}

// The facts of an address, one condition each: ?facts=author=smith;pages>=10
const factsOf = (query) => (query.facts || '').split(';').map((one) => one.trim()).filter(Boolean);

function titled(fact, title) {
  const [, key, operator, value] = FACT.exec(fact) || [null, fact, '', ''];
  const name = title || key.replace(/_/g, ' ');
  return operator === '=' ? `${name}: ${value}` : `${name} ${operator.replace('>=', '≥').replace('<=', '≤')} ${value}`;
}

// A chip for each condition that no select shows; pressing it takes the condition away.
export function factChips(query, changed) {
  const facts = factsOf(query);
  return facts.map((fact) => {
    const words = h('span', {}, titled(fact));
    factNames().then((keys) => { words.textContent = titled(fact, keys.get((FACT.exec(fact) || [])[1])); });
    return h('button', {class: 'chip', data: {set: 'yes', fact}, title: t('filter.forget'),
      onclick: () => changed({facts: facts.filter((one) => one !== fact).join(';')}), test: 'filter-fact'}, words, icon('close'));
  });
}

// What the server is asked: conditions on facts, and the grade of the reading among them.
export const conditions = (query) => [...factsOf(query), ...(query.quality ? [`extraction_quality=${query.quality}`] : [])];

// Puts what was taken from a field into an address; several facts stand beside each other.
export function merged(query, found) {
  const facts = [...new Set([...factsOf(query), ...found.facts])].slice(0, 8).join(';');
  const values = {...found.values};
  if (values.format) values.family = '';
  if (values.family) values.format = '';
  return {...values, ...(found.facts.length ? {facts} : {})};
}
