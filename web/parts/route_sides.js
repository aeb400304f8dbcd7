// route_sides.js - how the sides of a route that is tried on a part of the callers compare.
import {h, fill} from '../dom.js';
import {t, number, percentText, dollars} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';

const COLUMNS = ['side', 'calls', 'failed', 'took', 'cost'];

export const hasSides = (document) => document.steps.some((step) => step.when && step.when.share);

async function load(root, name) {
  try {
    const {items} = await get(`/v1/gateway/routes/${encodeURIComponent(name)}/sides`);
    fill(root, items.length ? h('table', {class: 'figures', test: 'sides'}, h('thead', {}, h('tr', {}, COLUMNS.map((column, i) => h('th', {scope: 'col', class: i ? 'number' : null}, t(`gateway.side_${column}`))))),
      h('tbody', {}, items.map((one) => h('tr', {}, h('th', {scope: 'row'}, one.side), [number(one.calls), percentText(100 * one.failure_share), t('usage.milliseconds', {count: number(Math.round(one.took_ms))}), one.unpriced === one.calls ? '–' : dollars(one.cost_per_call)]
        .map((text) => h('td', {class: 'number'}, text)))))) : h('p', {class: 'status'}, t('gateway.sides_none')));
  } catch (error) {
    fill(root, problem(error, () => load(root, name)));
  }
}

// Asked for when it is opened.
export function sides(name) {
  const body = h('div', {class: 'wide-table'});
  const element = h('details', {test: 'route-sides'}, h('summary', {}, t('gateway.sides')), body);
  element.addEventListener('toggle', () => { if (element.open) load(body, name); });
  return element;
}
