// label_charts.js - how well a label set does: right over time, and whether its confidence can be believed. Each with its numbers as a table.
import {h} from '../dom.js';
import {t, number, percentText} from '../texts.js';
import {s, titled} from './lab_chart.js';

const WIDTH = 360;
const HEIGHT = 160;
const EDGE = 6;

const percent = (share) => percentText(Math.round(100 * share));
const up = (share) => HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE);

function figure(title, lead, svg, table, test) {
  return h('figure', {class: 'label-figure', test}, h('figcaption', {}, title, lead && h('small', {}, lead)), svg, table);
}

const table = (heads, rows) => h('table', {class: 'figures'}, h('thead', {}, h('tr', {}, heads.map((text) => h('th', {scope: 'col'}, text)))),
  h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell) => h('td', {class: 'number'}, cell))))));

const frame = (label, ...children) => s('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'label-chart', role: 'img', 'aria-label': label},
  s('line', {x1: 0, x2: WIDTH, y1: up(0), y2: up(0), class: 'axis'}), s('line', {x1: 0, x2: WIDTH, y1: up(1), y2: up(1), class: 'axis'}), ...children);

// A point for each training that could measure something.
export function accuracyChart(trainings) {
  const measured = trainings.filter((one) => one.measured);
  if (measured.length < 2) return null;
  const x = (i) => EDGE + i * (WIDTH - 2 * EDGE) / (measured.length - 1);
  const points = measured.map((one, i) => [x(i), up(one.accuracy)]);
  const label = t('labels.chart_accuracy_of', {first: percent(measured[0].accuracy), last: percent(measured[measured.length - 1].accuracy), count: number(measured.length)});
  return figure(t('labels.chart_accuracy'), label, frame(label, s('polyline', {points: points.map((one) => one.join(',')).join(' '), class: 'line-of'}),
    ...points.map(([cx, cy], i) => titled(s('circle', {cx, cy, r: 3.5, class: 'dot-of'}), `${percent(measured[i].accuracy)} · ${t('labels.examples_count', {count: measured[i].examples})}`))), null, 'label-accuracy');
}

// A bar for each tenth of confidence, as high as it was right; the diagonal is what it should be.
export function reliabilityChart(current) {
  const bins = current.reliability.filter((one) => one.count > 0);
  if (!bins.length) return null;
  const wide = WIDTH / current.reliability.length;
  const label = t('labels.chart_reliability_of', {error: percent(current.calibration_error)});
  const bars = bins.map((one) => titled(s('rect', {x: one.from * WIDTH + 2, width: wide - 4, y: up(one.accuracy), height: Math.max(1, up(0) - up(one.accuracy)), class: 'plain'}),
    `${percent(one.confidence)} → ${percent(one.accuracy)}`));
  return figure(t('labels.chart_reliability'), label, frame(label, ...bars, s('line', {x1: 0, y1: up(0), x2: WIDTH, y2: up(1), class: 'ideal'})),
    table([t('labels.col_sure'), t('labels.col_count'), t('labels.col_said'), t('labels.col_right')],
      bins.map((one) => [`${percent(one.from)}–${percent(one.from + 0.1)}`, number(one.count), percent(one.confidence), percent(one.accuracy)])), 'label-reliability');
}

// A bar for each day that people decided.
export function daysChart(days) {
  if (!days.length) return null;
  const wide = Math.min(40, WIDTH / days.length);
  const bars = days.map((one, i) => titled(s('rect', {x: i * wide + 1, width: wide - 2, y: up(one.accuracy), height: Math.max(1, up(0) - up(one.accuracy)), class: 'plain'}),
    `${one.day.slice(0, 10)}: ${percent(one.accuracy)} (${one.confirmed + one.corrected})`));
  return figure(t('labels.chart_days'), null, frame(t('labels.chart_days'), ...bars), null, 'label-days');
}
