// settings_feedback.js - what people thought of answers, cards, classes and tasks, and what is rated worse than the rest.
import {h, fill} from '../dom.js';
import {t, number, percentText, fullDate} from '../texts.js';
import {get, post} from '../api.js';
import {state} from '../state.js';
import {problem} from './problem.js';
import {personas, readPersonas} from './personas.js';

const BY = ['kind', 'collection', 'persona', 'model'];

function nameOf(one) {
  const list = {collection: state.collections, persona: personas()}[one.by] || [];
  const found = list.find((other) => other.id === one.value);
  return found ? found.name : one.by === 'kind' ? t(`rated.kind_${one.value}`) : one.value;
}

const row = (one) => h('tr', {test: 'finding', data: {worse: one.is_worse ? 'yes' : null}}, h('th', {scope: 'row'}, nameOf(one)),
  h('td', {class: 'number'}, number(one.good)), h('td', {class: 'number'}, number(one.bad)), h('td', {class: 'number'}, percentText(100 * one.bad_share)),
  h('td', {class: 'number'}, percentText(100 * one.usual_share)),
  h('td', {}, one.is_worse && h('span', {class: 'chip', data: {tone: 'bad'}}, t('rated.worse'))));

function table(report, by) {
  const found = report.findings.filter((one) => one.by === by);
  return found.length > 0 && [h('h2', {}, t(`rated.by_${by}`)), h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: `rated-${by}`},
    h('thead', {}, h('tr', {}, ['what', 'good', 'bad', 'share', 'usual', 'mark'].map((name, i) => h('th', {scope: 'col', class: i > 0 && i < 5 ? 'number' : null}, name === 'mark' ? '' : t(`rated.${name}`))))),
    h('tbody', {}, found.map(row))))];
}

function paint(root, report, again) {
  const count = report.good + report.bad;
  fill(root, h('p', {class: 'lead'}, t('rated.lead')),
    h('div', {class: 'row'}, h('button', {class: 'primary small', onclick: again, test: 'rated-again'}, t('rated.again')),
      h('span', {class: 'hint', test: 'rated-made'}, report.made_at ? t('rated.made', {date: fullDate(report.made_at)}) : t('rated.never'))),
    count === 0 ? h('p', {class: 'status', test: 'rated-none'}, t('rated.none'))
      : [h('p', {test: 'rated-sum'}, t('rated.sum', {count: number(count), good: number(report.good), bad: number(report.bad)})), BY.map((by) => table(report, by)),
        report.reasons.length > 0 && [h('h2', {}, t('rated.reasons')), h('ul', {class: 'findings', test: 'rated-reasons'},
          report.reasons.map((one) => h('li', {}, one.reason, ' ', h('b', {class: 'number'}, `× ${number(one.count)}`))))]]);
}

async function show(root, read) {
  try {
    const [report] = await Promise.all([read(), readPersonas()]);
    paint(root, report, () => show(root, () => post('/v1/feedback/report')));
  } catch (error) {
    fill(root, problem(error, () => show(root, read)));
  }
}

export function render(root) {
  show(root, () => get('/v1/feedback/report'));
}
