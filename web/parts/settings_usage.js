// settings_usage.js - what calls of models cost: the days as a picture, sums by whatever is asked, and what they say.
import {h, fill} from '../dom.js';
import {t, number, decimal, percentText, factDate, fullDate, dollars as money} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';
import {bars} from './usage_chart.js';

const BY = ['model', 'service', 'key', 'user', 'feature', 'task', 'status'];
const DAYS = [7, 30, 90];
const MOST = 50;
const PICO = 1e12;
const DAY = 86400000;

const seconds = (us) => t('usage.seconds', {seconds: decimal(us / 1e6)});
const dollars = (pico) => money(pico / PICO);

// Ids of keys and people as they are called here; what has been removed keeps its id.
async function namesOf(by) {
  const path = {key: '/v1/keys', user: '/v1/users'}[by];
  const items = path ? await get(path).then((list) => list.items, () => []) : [];
  return new Map(items.map((one) => [one.id, one.name || one.email]));
}

function lead(report) {
  const {totals} = report;
  const saved = totals.saved_by_cache + totals.saved_by_local + totals.saved_by_route;
  const facts = [['usage.calls', number(totals.calls)], ['usage.cost', dollars(totals.cost_pico)], ['usage.errors', percentText(totals.calls ? 100 * totals.errors / totals.calls : 0)],
    ['usage.time', seconds(totals.average_us)], ['usage.tokens', t('usage.tokens_both', {input: number(totals.input_tokens), output: number(totals.output_tokens)})], ['usage.saved', dollars(saved)]];
  return [h('dl', {class: 'facts', test: 'usage-facts'}, facts.map(([name, value]) => [h('dt', {}, t(name)), h('dd', {}, value)])),
    totals.unpriced > 0 && h('p', {class: 'status'}, t('usage.unpriced', {count: totals.unpriced, shown: number(totals.unpriced)}))];
}

// Every day of the time, also those without a call.
function days(report) {
  const found = new Map(report.days.map((one) => [one.name, one]));
  const unusual = new Set(report.unusual_days.map((one) => one.day));
  const all = [];
  for (let at = Date.parse(report.from); at < Date.parse(report.to); at += DAY) all.push(new Date(at).toISOString().slice(0, 10));
  const costs = report.totals.cost_pico > 0;
  return bars(all.map((day) => {
    const one = found.get(day) || {calls: 0, cost_pico: 0};
    return {value: costs ? one.cost_pico : one.calls, isMarked: unusual.has(day), text: t('usage.day', {day: factDate(day), calls: number(one.calls), cost: dollars(one.cost_pico)})};
  }), {title: t(costs ? 'usage.chart_cost' : 'usage.chart_calls'), most: (value) => (costs ? dollars(value) : number(value)), test: 'usage-days'});
}

function notes(report) {
  const lines = [
    ...report.unusual_days.map((one) => t('usage.unusual', {day: factDate(one.day), cost: dollars(one.cost_pico), usual: dollars(one.usual_pico)})),
    ...report.busiest_hours.slice(0, 1).map((one) => t('usage.busiest', {hour: fullDate(one.name), calls: number(one.calls)})),
    ...report.recommendations.map((one) => one.text),
  ];
  return lines.length > 0 && h('ul', {test: 'usage-notes'}, lines.map((line) => h('li', {}, line)));
}

async function table(root, by, from) {
  try {
    const [sums, names] = await Promise.all([get(`/v1/usage?by=${by}&from=${from}`), namesOf(by)]);
    const rows = sums.items.sort((a, b) => b.cost_pico - a.cost_pico || b.calls - a.calls).slice(0, MOST);
    fill(root, h('table', {class: 'figures', test: 'usage-table'}, h('thead', {}, h('tr', {}, [`usage.by_${by}`, 'usage.calls', 'usage.errors', 'usage.tokens', 'usage.time', 'usage.cost'].map((name, i) => h('th', {scope: 'col', class: i ? 'number' : null}, t(name))))),
      h('tbody', {}, rows.map((one) => h('tr', {}, h('th', {scope: 'row'}, names.get(one.name) || one.name || t('usage.none')), h('td', {class: 'number'}, number(one.calls)), h('td', {class: 'number'}, number(one.errors)),
        h('td', {class: 'number'}, number(one.input_tokens + one.output_tokens)), h('td', {class: 'number'}, seconds(one.average_us)), h('td', {class: 'number'}, dollars(one.cost_pico)))))));
  } catch (error) {
    fill(root, problem(error, () => table(root, by, from)));
  }
}

async function show(root, chosen) {
  const from = new Date(Math.floor(Date.now() / DAY - chosen.days + 1) * DAY).toISOString();
  const choice = (name, values, text) => h('label', {class: 'inline'}, t(`usage.choose_${name}`), ' ', h('select', {class: 'chip', test: name === 'days' ? 'usage-time' : 'usage-by', onchange: (event) => show(root, {...chosen, [name]: event.target.value})},
    values.map((value) => h('option', {value, selected: String(value) === String(chosen[name])}, text(value)))));
  try {
    const report = await get(`/v1/usage/report?from=${from}`);
    const sums = h('div', {class: 'wide-table'});
    fill(root, h('p', {class: 'lead'}, t('usage.lead')), h('div', {class: 'row'}, choice('days', DAYS, (count) => t('usage.last_days', {count})), choice('by', BY, (by) => t(`usage.by_${by}`))),
      lead(report), days(report), notes(report), sums);
    await table(sums, chosen.by, from);
  } catch (error) {
    fill(root, problem(error, () => show(root, chosen)));
  }
}

export function render(root) {
  show(root, {days: 30, by: 'model'});
}
