// workflow_figures.js - how a workflow did: how often it ended well, how long its steps took, what went wrong.
import {h, fill} from '../dom.js';
import {t, number, percentText} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';
import {costText, took} from './execution_state.js';

const SPANS = [7, 30, 90, 365];
export const rateText = (rate) => (rate === null ? t('flow.no_rate') : percentText(100 * rate));

const head = (names) => h('thead', {}, h('tr', {}, names.map((name, i) => h('th', {scope: 'col', class: i ? 'number' : ''}, t(`flow.col_${name}`)))));
const stepRow = (one) => h('tr', {}, h('th', {scope: 'row'}, one.step, ' ', h('small', {}, one.type)), [number(one.runs), number(one.failed), number(one.tries), took(one.mean_ms), took(one.slowest_ms), costText(one)].map((text) => h('td', {class: 'number'}, text)));
const errorRow = (one) => h('tr', {}, h('th', {scope: 'row'}, one.message, h('small', {class: 'block'}, [one.step, one.code].filter(Boolean).join(' · '))), h('td', {class: 'number'}, number(one.count)));

function figures(one) {
  const facts = [['success', rateText(one.success_rate)], ['executions', number(one.executions)], ['open', number(one.open)], ['failed', number(one.failed)], ['cancelled', number(one.cancelled)], ['mean', took(one.mean_ms)]];
  return [h('dl', {class: 'run-figures', test: 'figures'}, facts.map(([name, value]) => h('div', {}, h('dt', {}, t(`flow.figure_${name}`)), h('dd', {}, value)))),
    one.steps.length > 0 && [h('h2', {}, t('flow.by_step')), h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'figures-steps'}, head(['step', 'runs', 'failed', 'tries', 'mean', 'slowest', 'cost']), h('tbody', {}, one.steps.map(stepRow))))],
    one.errors.length > 0 && [h('h2', {}, t('flow.errors')), h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'figures-errors'}, head(['error', 'count']), h('tbody', {}, one.errors.map(errorRow))))]];
}

export function figuresOf(id) {
  const body = h('div', {class: 'stacked'}, h('div', {class: 'bone wide'}));
  const span = h('select', {class: 'chip', 'aria-label': t('flow.span'), test: 'figures-span', onchange: () => load()}, SPANS.map((days) => h('option', {value: days, selected: days === 30}, t('flow.days', {count: days}))));
  async function load() {
    try {
      const one = await get(`/v1/workflows/${id}/statistics`, {days: span.value});
      fill(body, one.executions ? figures(one) : h('p', {class: 'status'}, t('flow.no_runs')));
    } catch (error) {
      fill(body, problem(error, load));
    }
  }
  load();
  return h('div', {class: 'stacked'}, h('div', {class: 'row'}, span), body);
}
