// usage_chart.js - values one beside the other as bars.
import {h} from '../dom.js';
import {t, number, decimal} from '../texts.js';
import {s, titled} from './lab_chart.js';

const WIDTH = 720;
const HEIGHT = 160;

// A time in the unit that says something.
export const took = (us) => (us < 1e6 ? t('usage.milliseconds', {count: number(Math.ceil(us / 1000))}) : t('usage.seconds', {seconds: decimal(us / 1e6)}));

// items: {name, value, text, isMarked}. `shown` writes a value; `what` says what the names are.
export function bars(items, {title, what, shown, test}) {
  const largest = Math.max(0, ...items.map((one) => one.value));
  const step = WIDTH / Math.max(items.length, 1);
  const rects = items.map((one, i) => {
    const tall = largest ? Math.max(one.value ? 1 : 0, one.value / largest * (HEIGHT - 8)) : 0;
    return titled(s('rect', {x: (i * step + step * 0.1).toFixed(2), width: (step * 0.8).toFixed(2), y: (HEIGHT - tall).toFixed(2), height: tall.toFixed(2), class: one.isMarked ? 'down' : 'plain'}), one.text);
  });
  const svg = s('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img', preserveAspectRatio: 'none', 'data-test': test, 'aria-label': `${title}: ${shown(largest)}`},
    s('line', {x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: 'axis'}), ...rects);
  const ends = [items[0], items[Math.floor(items.length / 2)], items.at(-1)];
  return h('figure', {class: 'lab-figure'}, h('figcaption', {}, title), h('div', {class: 'lab-plot'}, h('div', {class: 'lab-scale number', 'aria-hidden': 'true'}, h('span', {}, shown(largest)), h('span', {}, shown(0))), svg,
    h('div', {class: 'chart-axis', 'aria-hidden': 'true'}, ends.map(({name}) => h('span', {}, name)))), asTable(items, {title, what, shown, test}));
}

// The same numbers to read.
const asTable = (items, {title, what, shown, test}) => h('details', {class: 'fold', test: `${test}-table`}, h('summary', {}, t('usage.as_table')), h('table', {class: 'figures'},
  h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, what), h('th', {scope: 'col', class: 'number'}, title))),
  h('tbody', {}, items.filter(({value}) => value).map((one) => h('tr', {}, h('th', {scope: 'row'}, one.name), h('td', {class: 'number', data: one.isMarked ? {tone: 'bad'} : {}}, shown(one.value)))))));
