// settings_limits.js - who may ask how much of model services: the workspace, people, keys; and what the services allow.
import {h, fill, keepFocus} from '../dom.js';
import {t, number, list, duration} from '../texts.js';
import {get, post} from '../api.js';
import {field, form} from './forms.js';
import {askLimits} from './limits_form.js';
import {longList} from './long_list.js';
import {meter} from './limit_meter.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const LOOK_MS = 5000;

function ratesOf(one) {
  const rates = ['requests', 'tokens'].filter((word) => one[`${word}_per_minute`]).map((word) => t(`limits.rate_${word}`, {count: one[`${word}_per_minute`]}));
  if (one.concurrent) rates.push(t('limits.rate_concurrent', {count: number(one.concurrent)}));
  if (one.models.length) rates.push(t('limits.only', {models: list(one.models)}));
  return rates;
}

const isLimited = (one) => one.budgets.length > 0 || ratesOf(one).length > 0;

function row(one, again) {
  const reclaim = (budget) => post(`/v1/budgets/${encodeURIComponent(budget.id)}/reclaim`).then(() => { toast(t('limits.reclaimed')); again(); }, (error) => toast(error.message));
  const isAll = one.of === 'workspace';
  return h('li', {class: 'limited', test: 'limits-row', data: {of: one.of, subject: one.subject || '', name: one.name || ''}},
    h('div', {class: 'row'}, h('span', {class: 'line-name'}, h('b', {}, isAll ? t('limits.workspace') : one.name), !isAll && h('small', {}, t(`limits.of_${one.of}`))),
      h('button', {class: 'small', onclick: () => askLimits(one, again), test: 'limits-change'}, t(isLimited(one) ? 'limits.change' : 'limits.add'))),
    one.budgets.map((budget) => meter(budget, reclaim)),
    ratesOf(one).length > 0 && h('div', {class: 'row wrap'}, ratesOf(one).map((text) => h('span', {class: 'chip'}, text))),
    !isLimited(one) && h('p', {class: 'status'}, t('limits.none')));
}

// Keys and people that have none of their own yet.
function adder(items, keys, people, again) {
  const has = new Set(items.map((one) => one.subject));
  const free = [...keys.map(({id, name}) => ({of: 'key', subject: id, name})), ...people.map(({id, name, email}) => ({of: 'user', subject: id, name: name || email}))].filter((one) => !has.has(one.subject));
  return free.length > 0 && form({
    test: 'limit-add', submit: t('limits.add'),
    fields: field({name: 'whom', label: t('limits.whom'), options: free.map((one, i) => [String(i), `${one.name} (${t(`limits.of_${one.of}`)})`])}),
    send: async ({whom}) => askLimits(free[Number(whom)], again),
  });
}

const left = (value) => (value < 0 ? '–' : number(value));

function servicesTable(targets) {
  const told = targets.filter((one) => one.requests_left >= 0 || one.tokens_left >= 0 || one.waits_ms > 0);
  if (!told.length) return h('p', {class: 'status'}, t('limits.services_none'));
  return h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'limits-services'}, h('thead', {}, h('tr', {}, ['model', 'running', 'requests', 'tokens', 'waits'].map((name, i) => h('th', {scope: 'col', class: i ? 'number' : null}, t(`limits.service_${name}`))))),
    h('tbody', {}, told.map((one) => h('tr', {}, h('th', {scope: 'row'}, one.name), [number(one.running), left(one.requests_left), left(one.tokens_left), one.waits_ms > 0 ? duration(one.waits_ms / 1000) : t('limits.service_now')].map((text) => h('td', {class: 'number'}, text)))))));
}

// Returns what ends it.
export function render(root) {
  let timer = 0;
  let isGone = false;
  const body = h('div', {}, h('div', {class: 'bone wide'}));
  const list = longList({row: (one) => row(one, look), wordsOf: ({name}) => name || '', none: t('limits.nobody'), attribute: 'subject', test: 'limits-rows'});
  const add = h('div', {});
  const services = h('div', {});
  const painted = {};
  const differs = (name, value) => painted[name] !== (painted[name] = JSON.stringify(value));

  async function look() {
    clearTimeout(timer);
    try {
      const [limits, keys, people, targets] = await Promise.all([get('/v1/limits'), get('/v1/keys'), get('/v1/users'), get('/v1/gateway/status')]);
      if (isGone) return;
      paint(limits.items, keys.items, people.items, targets.items);
      timer = setTimeout(look, LOOK_MS);
    } catch (error) {
      delete painted.rows;
      if (!isGone) fill(body, problem(error, look));
    }
  }
  function paint(items, keys, people, targets) {
    const whole = items.find((one) => one.of === 'workspace') || {of: 'workspace', subject: '', models: [], budgets: []};
    const others = items.filter((one) => one.of !== 'workspace');
    if (differs('rows', items)) {
      keepFocus(body, 'subject', () => fill(body, h('ul', {class: 'lines'}, row(whole, look)), h('h2', {}, t('limits.others'))));
      list.show(others);
    }
    if (differs('free', [items, keys, people].map((all) => all.map((one) => one.subject || one.id)))) fill(add, adder(items, keys, people, look));
    fill(services, h('h2', {}, t('limits.services')), h('p', {class: 'lead'}, t('limits.services_lead')), servicesTable(targets));
  }
  fill(root, h('p', {class: 'lead'}, t('limits.lead')), body, list.element, add, services);
  look();
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}
