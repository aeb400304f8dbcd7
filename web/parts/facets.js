// facets.js - what was found, counted by type, tag, collection ...; pressing a value writes its operator into the query.
import {h} from '../dom.js';
import {t, number, languageName} from '../texts.js';
import {formatTitle} from './families.js';

const FEW = 6;
export const FACETS = ['type', 'tag', 'collection', 'author', 'year', 'language'];

const quoted = (value) => (/[\s"():<>=~*-]/.test(value) ? `"${value.replace(/"/g, '')}"` : value);

function titleOf(facet, one) {
  const words = h('span', {}, facet.key === 'language' ? languageName(one.value) : one.title || one.value);
  if (facet.key === 'type') formatTitle(one.value).then((title) => { words.textContent = title; });
  return words;
}

// The part of the query that chose this value, if the query says it.
function partOf(facet, one, understood) {
  const values = [one.value, one.title].map((value) => (value || '').toLowerCase());
  return (understood || []).find((part) => part.kind === 'filter' && !part.negated && part.key === facet.operator && values.includes(part.value.toLowerCase()));
}

// The first few; the others when asked for, and how many the server left out.
function valueList(facet, value) {
  const values = facet.values.filter((one) => one.value);
  const few = values.length > FEW + 1 && !values.slice(FEW).some((one) => one.selected) ? FEW : values.length;
  const list = h('ul', {}, values.slice(0, few).map((one) => value(facet, one)));
  const left = facet.more > 0 && h('small', {hidden: few < values.length}, t('facets.more', {count: facet.more}));
  const more = few < values.length && h('button', {class: 'plain small', type: 'button', test: 'facet-more', onclick: () => {
    list.append(...values.slice(few).map((one) => value(facet, one)));
    more.remove();
    if (left) left.hidden = false;
  }}, t('facets.show', {count: values.length - few + facet.more}));
  return [list, more, left];
}

// add(text) appends to the query, forget(start, end) takes a part out of it.
export function facetList(answer, {add, forget}) {
  const groups = (answer.facets || []).filter((facet) => facet.values.length > 1 || facet.values.some((one) => one.selected));
  const value = (facet, one) => {
    const part = partOf(facet, one, answer.understood);
    const chosen = Boolean(part) || one.selected;
    return h('li', {}, h('button', {class: 'plain', type: 'button', 'aria-pressed': String(chosen), disabled: chosen && !part, data: {value: one.value}, test: 'facet-value',
      onclick: () => (part ? forget(part.start, part.end) : add(`${facet.operator}:${quoted(facet.key === 'collection' ? one.title || one.value : one.value)}`))},
    titleOf(facet, one), h('b', {class: 'number'}, number(one.count))));
  };
  return groups.map((facet) => h('section', {data: {facet: facet.key}, test: 'facet'}, h('h2', {}, facet.title), valueList(facet, value)));
}
