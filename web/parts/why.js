// why.js - what the score of one result is made of: bars that add up to it, then each leg in numbers.
import {h} from '../dom.js';
import {t, has, decimal, percentText} from '../texts.js';

const titleOf = (share) => (has(`why.${share.name}`) ? t(`why.${share.name}`) : share.title || share.name);

function bar(title, value, most, test) {
  const fillBar = h('i', {});
  fillBar.style.setProperty('--part', `${Math.round(1000 * value / most) / 10}%`);
  return h('tr', {test}, h('th', {scope: 'row'}, title), h('td', {class: 'why-bar'}, h('span', {}, fillBar)), h('td', {class: 'number'}, decimal(value)));
}

function leg(result, name) {
  const rank = result.ranks && result.ranks[name];
  return h('p', {}, rank ? t(`why.leg_${name}`, {rank, score: decimal(result.scores[name])}) : t(`why.no_${name}`));
}

// result: one of POST /v1/search with explain.
export function whyPanel(result) {
  const shares = [...result.explanation.shares].sort((a, b) => b.value - a.value);
  const most = Math.max(result.score, ...shares.map((one) => one.value), 1e-9);
  return h('div', {class: 'why-panel', test: 'why'},
    h('table', {'aria-label': t('why.title')}, h('tbody', {}, shares.map((one) => bar(titleOf(one), one.value, most, 'why-share'))),
      h('tfoot', {}, bar(t('why.sum', {percent: percentText(100 * result.score)}), result.score, most, 'why-sum'))),
    h('div', {class: 'why-legs'}, leg(result, 'keyword'), leg(result, 'semantic')));
}
