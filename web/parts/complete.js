// complete.js - names and values of operators while they are typed: a list under the field, walked with the arrows, taken with Tab or Enter.
import {h, fill, debounce} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {state} from '../state.js';

const MOST = 8;
let operators = null;

function known() {
  if (!operators) {
    operators = get('/v1/search/operators').then((page) => page.items).catch(() => {
      operators = null;
      return [];
    });
  }
  return operators;
}

const quoted = (value) => (/[\s"()]/.test(value) ? `"${value.replace(/"/g, '')}"` : value);

async function valuesOf(operator) {
  if (operator.value === 'tag') return (await get('/v1/tags').catch(() => ({items: []}))).items.map((one) => one.tag);
  if (operator.value === 'collection') return state.collections.map((one) => one.name);
  return operator.values || [];
}

// What may stand for the word before the caret: {start, end, items: [{text, title}]}.
async function offered(text, caret) {
  const before = text.slice(0, caret);
  const [, minus, word] = /(?:^|[\s(])(-?)((?:[^\s"():]+:"[^"]*|[^\s"()]*))$/.exec(before) || [];
  if (!word) return null;
  const start = caret - word.length;
  const colon = word.indexOf(':');
  const all = await known();
  if (colon < 0) {
    const low = word.toLowerCase();
    const items = low.length < 2 ? [] : all.filter((one) => one.name.startsWith(low) || (one.also || []).some((name) => name.startsWith(low)))
      .map((one) => ({text: `${one.name}:`, title: one.title}));
    return {start, end: caret, items: items.slice(0, MOST), minus};
  }
  const name = word.slice(0, colon).toLowerCase();
  const operator = all.find((one) => one.name === name || (one.also || []).includes(name));
  if (!operator) return null;
  const typed = word.slice(colon + 1).replace(/^"/, '').toLowerCase();
  const values = (await valuesOf(operator)).filter((value) => value.toLowerCase().startsWith(typed) && value.toLowerCase() !== typed);
  return {start, end: caret, items: values.slice(0, MOST).map((value) => ({text: `${word.slice(0, colon + 1)}${quoted(value)} `, title: value}))};
}

// Hangs the list on a field; `changed` is called when something was put in.
export function completion(input, changed) {
  const list = h('ul', {class: 'complete', id: 'complete', role: 'listbox', 'aria-label': t('complete.title'), hidden: true, test: 'complete'});
  let found = null;
  let at = -1;
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-expanded', 'false');

  function close() {
    found = null;
    at = -1;
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function point(index) {
    at = index;
    [...list.children].forEach((row, i) => row.setAttribute('aria-selected', String(i === at)));
    if (at >= 0) input.setAttribute('aria-activedescendant', `complete-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function take(index) {
    const {start, end, items} = found;
    input.setRangeText(items[index].text, start, end, 'end');
    close();
    changed();
    if (input.value[input.selectionStart - 1] === ':') look();
  }

  const look = debounce(60, async () => {
    const text = input.value;
    const next = await offered(text, input.selectionStart);
    if (input.value !== text || document.activeElement !== input) return;
    if (!next || !next.items.length) return close();
    found = next;
    fill(list, next.items.map((one, i) => h('li', {role: 'option', id: `complete-${i}`, 'aria-selected': 'false', test: 'complete-option',
      onpointerdown: (event) => { event.preventDefault(); take(i); }}, h('b', {}, one.text.trim()), one.title !== one.text.trim() && h('small', {}, one.title))));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    point(-1);
  });

  // True when the key was for the list.
  function key(event) {
    if (!found || event.isComposing) return false;
    const count = found.items.length;
    if (event.key === 'ArrowDown') point((at + 1) % count);
    else if (event.key === 'ArrowUp') point(at <= 0 ? count - 1 : at - 1);
    else if (event.key === 'Tab' && !event.shiftKey) take(Math.max(at, 0));
    else if (event.key === 'Enter' && at >= 0) take(at);
    else if (event.key === 'Escape') close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  input.addEventListener('input', look);
  input.addEventListener('blur', close);
  return {list, key, close, cancel: () => look.cancel()};
}
