// lab_chart.js - the picture of a comparison: what each query won or lost.
import {h} from '../dom.js';
import {t} from '../texts.js';

const BAR_MOST = 28;  // a few queries are no walls
const SVG = 'http://www.w3.org/2000/svg';

export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export const titled = (element, text) => {
  element.append(s('title', {}, document.createTextNode(text)));
  return element;
};

export const signed = (value) => `${value > 0 ? '+' : value < 0 ? '−' : '±'}${Math.abs(value).toFixed(3)}`;

// Queries from the one that gained most to the one that lost most; a bar each, up or down from the line.
export function differenceChart(queries) {
  const sorted = queries.map((one) => ({query: one.query, by: one.against - one.ndcg10})).sort((a, b) => b.by - a.by);
  const width = 720;
  const height = 160;
  const step = width / sorted.length;
  const wide = Math.max(0.6, Math.min(step * 0.8, BAR_MOST));
  const most = Math.max(0.05, ...sorted.map((one) => Math.abs(one.by)));
  const middle = height / 2;
  const bars = sorted.map((one, i) => {
    const tall = Math.max(Math.abs(one.by) < 1e-9 ? 0 : 1, Math.abs(one.by) / most * (middle - 8));
    return titled(s('rect', {x: (i * step + (step - wide) / 2).toFixed(2), width: wide.toFixed(2), y: (one.by > 0 ? middle - tall : middle).toFixed(2),
      height: tall.toFixed(2), class: one.by > 0 ? 'up' : 'down'}), `${one.query}: ${signed(one.by)}`);
  });
  const svg = s('svg', {viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img', preserveAspectRatio: 'none', 'data-test': 'lab-differences',
    'aria-label': t('lab.chart', {better: sorted.filter((one) => one.by > 1e-9).length, worse: sorted.filter((one) => one.by < -1e-9).length})},
  s('line', {x1: 0, x2: width, y1: middle, y2: middle, class: 'axis'}), ...bars);
  const scale = [most, 0, -most].map((value) => h('span', {}, value ? signed(value) : '0'));
  return h('figure', {class: 'lab-figure'}, h('figcaption', {}, t('lab.chart_title', {count: sorted.length})), h('div', {class: 'lab-plot'}, h('div', {class: 'lab-scale number', 'aria-hidden': 'true'}, scale), svg));
}
