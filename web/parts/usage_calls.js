// usage_calls.js - the last calls of models, one by one: who asked whom, how it ended, what it took and cost.
import {h, fill} from '../dom.js';
import {t, has, ago, number, dollars, fullDate} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';
import {took} from './usage_chart.js';

const PAGE = 25;
const LOOK_MS = 3000;
const PICO = 1e12;

// What was out of the ordinary about it.
function notesOf(one) {
  const found = [one.service, one.cache && one.cache !== 'miss' && t(`usage.cache_${one.cache}`), one.tries > 1 && t('usage.tries', {count: one.tries}), one.fallbacks > 0 && t('usage.fell_back'),
    one.truncated && t('usage.truncated'), one.estimated && t('usage.estimated')];
  return found.filter(Boolean).join(' · ');
}

const newestOf = ({items}) => (items.length ? JSON.stringify(items[0]) : '');

export const outcome = (status) => (has(`usage.status_${status}`) ? t(`usage.status_${status}`) : status);

function row(one, nameOf) {
  return h('tr', {test: 'usage-call', data: {status: one.status}}, h('th', {scope: 'row'}, one.model || t('usage.none_asked'), h('small', {class: 'block'}, notesOf(one))), h('td', {title: fullDate(one.started_at)}, ago(one.started_at)), h('td', {}, nameOf(one.key || one.user)),
    h('td', {data: {tone: one.status === 'ok' ? 'good' : 'bad'}}, outcome(one.status), one.status !== 'ok' && one.http_status > 0 && h('small', {}, ` ${one.http_status}`)), h('td', {class: 'number'}, number(one.input_tokens + one.output_tokens)), h('td', {class: 'number'}, took(one.total_us)),
    h('td', {class: 'number'}, one.cost_pico === null ? '–' : dollars(one.cost_pico / PICO)));
}

// nameOf(id) - what a key or a person is called. New calls come by themselves, but not under a pointer, and not once older
// ones were asked for. Returns what ends it.
export function render(root, from, nameOf) {
  const rows = h('tbody', {});
  const more = h('button', {class: 'small more', hidden: true, test: 'usage-more'}, t('usage.more'));
  const wanted = h('select', {class: 'chip', test: 'usage-outcome', 'aria-label': t('usage.by_status')}, ['', 'error'].map((value) => h('option', {value}, t(value ? 'usage.only_failed' : 'usage.all_calls'))));
  let next = null;
  let isFirst = true;
  let newest = null;
  async function load(after) {
    try {
      const page = await get('/v1/calls', {limit: PAGE, from, status: wanted.value, after});
      isFirst = !after;
      if (isFirst) newest = newestOf(page);
      if (!after) fill(rows);
      rows.append(...page.items.map((one) => row(one, nameOf)));
      if (!rows.children.length) fill(rows, h('tr', {}, h('td', {class: 'status', colspan: 7}, t('usage.no_such_calls'))));
      ({next} = page);
      more.hidden = !next;
    } catch (error) {
      fill(rows, h('tr', {}, h('td', {colspan: 7}, problem(error, () => load(after)))));
    }
  }
  async function look() {
    const page = isFirst && !rows.matches(':hover') ? await get('/v1/calls', {limit: PAGE, from, status: wanted.value}).catch(() => null) : null;
    if (page && isFirst && newestOf(page) !== newest) await load(null);
  }
  const timer = setInterval(look, LOOK_MS);
  wanted.addEventListener('change', () => load(null));
  more.addEventListener('click', () => load(next));
  fill(root, h('div', {class: 'row'}, h('h2', {}, t('usage.last_calls')), wanted), h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'usage-calls'},
    h('thead', {}, h('tr', {}, ['by_model', 'when', 'who', 'by_status', 'tokens', 'took', 'cost'].map((name, i) => h('th', {scope: 'col', class: i > 3 ? 'number' : null}, t(`usage.${name}`))))), rows)), more);
  load(null);
  return () => clearInterval(timer);
}
