// why.js - what the score of one result is made of: bars that add up to it, how each leg came to its share, and each word's part.
import {h} from '../dom.js';
import {t, has, decimal, number, percentText} from '../texts.js';

const titleOf = (share) => (has(`why.${share.name}`) ? t(`why.${share.name}`) : share.title || share.name);

function bar(title, value, most, test) {
  const fillBar = h('i', {});
  fillBar.style.setProperty('--part', `${Math.round(1000 * value / most) / 10}%`);
  return h('tr', {test}, h('th', {scope: 'row'}, title), h('td', {class: 'why-bar'}, h('span', {}, fillBar)), h('td', {class: 'number'}, decimal(value)));
}

function sharesTable(result) {
  const shares = [...result.explanation.shares].sort((a, b) => b.value - a.value);
  const most = Math.max(result.score, ...shares.map((one) => one.value), 1e-9);
  return h('table', {class: 'why-shares', 'aria-label': t('why.title')}, h('tbody', {}, shares.map((one) => bar(titleOf(one), one.value, most, 'why-share'))),
    h('tfoot', {}, bar(t('why.sum', {percent: percentText(100 * result.score)}), result.score, most, 'why-sum')));
}

// A table of numbers; the first column has the names. head: [text, explanation]
function figures(test, head, rows) {
  return h('div', {class: 'wide-table'}, h('table', {class: 'figures', test}, h('thead', {}, h('tr', {}, head.map(([text, hint], i) =>
    h('th', {scope: 'col', class: i ? 'number' : '', title: hint}, text)))), h('tbody', {}, rows.map((row) => h('tr', {},
    row.map((cell, i) => h(i ? 'td' : 'th', i ? {class: 'number'} : {scope: 'row'}, cell)))))));
}

const heads = (...names) => names.map((name) => [t(`why.${name}`), t(`why.${name}_hint`)]);

// normal x weight x kept = the leg's share.
function legsTable(result) {
  const legs = result.explanation.legs;
  const rank = (leg) => result.ranks[leg.name];
  const score = (leg) => t(`why.score_${leg.name}`, {score: decimal(leg.score)});
  return h('section', {}, h('h3', {}, t('why.legs')), figures('why-legs', [[t('why.leg'), ''], ...heads('rank', 'score', 'normal', 'weight', 'kept', 'share')],
    legs.map((leg) => [titleOf(leg), t('score.rank', {rank: rank(leg)}), score(leg), decimal(leg.normal), `× ${percentText(100 * leg.weight)}`, `× ${percentText(100 * leg.kept)}`, `= ${decimal(leg.value)}`])),
  ['keyword', 'semantic'].filter((name) => !legs.some((leg) => leg.name === name)).map((name) => h('p', {class: 'status'}, t(`why.no_${name}`))));
}

const wordOf = (term) => [term.word, term.term !== term.word.toLowerCase() && h('small', {}, ` ${term.term}`)];

function termsTable({terms}) {
  return terms.length > 0 && h('section', {}, h('h3', {}, t('why.terms')), figures('why-terms', [[t('why.word'), ''], ...heads('idf', 'title_field', 'heading_field', 'body_field', 'tf', 'bm25', 'share')],
    terms.map((term) => [wordOf(term), decimal(term.idf), ...['title', 'heading', 'body'].map((field) => number(term.fields[field])), number(term.tf), decimal(term.score), decimal(term.value)])));
}

// result: one of POST /v1/search with explain.
export function whyPanel(result) {
  return h('div', {class: 'why-panel', test: 'why'}, sharesTable(result), legsTable(result), termsTable(result.explanation));
}
