// settings_usage.js - what calls of models cost: the days as a picture, sums by whatever is asked, and what they say.
import {h, fill} from '../dom.js';
import {t, number, list, percentText, factDate, fullDate, dollars as money} from '../texts.js';
import {get} from '../api.js';
import {here, note, withQuery} from '../router.js';
import {problem} from './problem.js';
import {bars, took} from './usage_chart.js';
import * as calls from './usage_calls.js';

const BY = ['model', 'service', 'key', 'user', 'feature', 'task', 'status', 'day'];
const DAYS = [7, 30, 90];
const MOST = 50;
const PICO = 1e12;
const DAY = 86400000;

const dollars = (pico) => money(pico / PICO);

// Keys and people as they are called here; what has been removed keeps its id.
async function namer() {
  const lists = await Promise.all(['/v1/keys', '/v1/users'].map((path) => get(path).then(({items}) => items, () => [])));
  const names = new Map(lists.flat().map((one) => [one.id, one.name || one.email]));
  return (id) => names.get(id) || id;
}

// The sum, and what it is made of.
function savings(totals) {
  const parts = ['cache', 'local', 'route'].filter((by) => totals[`saved_by_${by}`] > 0);
  const sum = parts.reduce((all, by) => all + totals[`saved_by_${by}`], 0);
  return [dollars(sum), parts.length > 0 && `: ${parts.map((by) => t(`usage.saved_by_${by}`, {cost: dollars(totals[`saved_by_${by}`])})).join(', ')}`];
}

function lead(report) {
  const {totals} = report;
  const facts = [['usage.calls', number(totals.calls)], ['usage.cost', dollars(totals.cost_pico)], ['usage.errors', percentText(totals.calls ? 100 * totals.errors / totals.calls : 0)],
    ['usage.time', took(totals.average_us)], ['usage.tokens', t('usage.tokens_both', {input: number(totals.input_tokens), output: number(totals.output_tokens)})], ['usage.saved', savings(totals)]];
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
    return {name: factDate(day), value: costs ? one.cost_pico : one.calls, isMarked: unusual.has(day), text: t('usage.day', {day: factDate(day), calls: number(one.calls), cost: dollars(one.cost_pico)})};
  }), {title: t(costs ? 'usage.chart_cost' : 'usage.chart_calls'), what: t('usage.by_day'), shown: (value) => (costs ? dollars(value) : number(value)), test: 'usage-days'});
}

// When of the day the calls come, of all days together.
function hours(report) {
  const found = new Map(report.clock.map((one) => [one.name, one]));
  const all = Array.from({length: 24}, (_, hour) => `${String(hour).padStart(2, '0')}:00`);
  return bars(all.map((name) => {
    const count = found.has(name) ? found.get(name).calls : 0;
    return {name, value: count, text: t('usage.hour', {hour: name, count})};
  }), {title: t('usage.chart_hours'), what: t('usage.by_hour'), shown: number, test: 'usage-hours'});
}

const kinds = ({tasks, totals}) => t('usage.kinds', {kinds: list(tasks.map((one) => `${one.name} ${percentText(100 * one.calls / totals.calls)}`))});

function notes(report) {
  const lines = [
    report.tasks.length > 1 && kinds(report),
    ...report.unusual_days.map((one) => t('usage.unusual', {day: factDate(one.day), cost: dollars(one.cost_pico), usual: dollars(one.usual_pico)})),
    ...report.busiest_hours.slice(0, 1).map((one) => t('usage.busiest', {hour: fullDate(one.name), calls: number(one.calls)})),
    ...report.recommendations.map((one) => one.text),
  ].filter(Boolean);
  return lines.length > 0 && h('ul', {class: 'findings', test: 'usage-notes'}, lines.map((line) => h('li', {}, line)));
}

const nameIn = (by, one, nameOf) => (by === 'day' ? factDate(one.name) : by === 'status' ? calls.outcome(one.name) : nameOf(one.name)) || t(by === 'model' || by === 'service' ? 'usage.none_asked' : 'usage.none');
const order = {day: (a, b) => b.name.localeCompare(a.name)};
const byCost = (a, b) => b.cost_pico - a.cost_pico || b.calls - a.calls;

async function table(root, by, from, nameOf) {
  try {
    const sums = await get(`/v1/usage?by=${by}&from=${from}`);
    const rows = sums.items.sort(order[by] || byCost).slice(0, MOST);
    fill(root, h('table', {class: 'figures', test: 'usage-table'}, h('thead', {}, h('tr', {}, [`usage.by_${by}`, 'usage.calls', 'usage.errors', 'usage.tokens', 'usage.time', 'usage.cost'].map((name, i) => h('th', {scope: 'col', class: i ? 'number' : null}, t(name))))),
      h('tbody', {}, rows.map((one) => h('tr', {}, h('th', {scope: 'row'}, nameIn(by, one, nameOf)), h('td', {class: 'number'}, number(one.calls)), h('td', {class: 'number'}, number(one.errors)),
        h('td', {class: 'number'}, number(one.input_tokens + one.output_tokens)), h('td', {class: 'number'}, took(one.average_us)), h('td', {class: 'number'}, dollars(one.cost_pico)))))));
  } catch (error) {
    fill(root, problem(error, () => table(root, by, from, nameOf)));
  }
}

// Nothing was called yet: what to do next, with a call to copy.
function empty() {
  const sample = `curl ${location.origin}/v1/chat/completions \\\n  -H 'Authorization: Bearer KEY' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"messages": [{"role": "user", "content": "Hello"}]}'`;
  return h('div', {class: 'invite', test: 'usage-empty'}, h('h2', {}, t('usage.empty')), h('p', {}, t('usage.empty_lead')),
    h('div', {class: 'row wrap'}, h('a', {class: 'button', href: '/settings/models'}, t('usage.empty_models')), h('a', {class: 'button', href: '/settings/keys'}, t('usage.empty_keys'))), h('pre', {class: 'logged'}, sample));
}

// ending: {run, isOver} ends what goes on in what is shown.
async function show(root, chosen, ending) {
  const from = new Date(Math.floor(Date.now() / DAY - chosen.days + 1) * DAY).toISOString();
  const choose = (name) => (event) => {
    note(withQuery({[name]: event.target.value}));
    show(root, {...chosen, [name]: event.target.value}, ending);
  };
  const choice = (name, values, text) => h('label', {class: 'inline'}, t(`usage.choose_${name}`), ' ', h('select', {class: 'chip', test: name === 'days' ? 'usage-time' : 'usage-by', onchange: choose(name)},
    values.map((value) => h('option', {value, selected: String(value) === String(chosen[name])}, text(value)))));
  try {
    const [report, nameOf] = await Promise.all([get(`/v1/usage/report?from=${from}`), namer()]);
    if (ending.isOver) return;
    const sums = h('div', {class: 'wide-table'});
    const records = h('div', {});
    const time = choice('days', DAYS, (count) => t('usage.last_days', {count}));
    if (!report.totals.calls) {
      fill(root, h('div', {class: 'row'}, time), empty());
      return;
    }
    fill(root, h('p', {class: 'lead'}, t('usage.lead')), h('div', {class: 'row'}, time), lead(report), days(report), notes(report),
      h('div', {class: 'row'}, choice('by', BY, (by) => t(`usage.by_${by}`))), sums, hours(report), records);
    ending.run();
    ending.run = calls.render(records, from, nameOf);
    await table(sums, chosen.by, from, nameOf);
  } catch (error) {
    fill(root, problem(error, () => show(root, chosen, ending)));
  }
}

// What is shown is in the address. Returns what ends it.
export function render(root) {
  const {query} = here();
  const ending = {run: () => {}, isOver: false};
  show(root, {days: DAYS.includes(Number(query.days)) ? Number(query.days) : 30, by: BY.includes(query.by) ? query.by : 'model'}, ending);
  return () => {
    ending.isOver = true;
    ending.run();
  };
}
