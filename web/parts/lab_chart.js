// lab_chart.js - two pictures of a run: each leg's figures as bars, and what each query won or lost by other settings.
import {h} from '../dom.js';
import {t} from '../texts.js';

const SVG = 'http://www.w3.org/2000/svg';

function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const titled = (element, text) => {
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
  const most = Math.max(0.05, ...sorted.map((one) => Math.abs(one.by)));
  const middle = height / 2;
  const bars = sorted.map((one, i) => {
    const tall = Math.max(Math.abs(one.by) < 1e-9 ? 0 : 1, Math.abs(one.by) / most * (middle - 8));
    return titled(s('rect', {x: (i * step + step * 0.1).toFixed(2), width: Math.max(step * 0.8, 0.6).toFixed(2), y: (one.by > 0 ? middle - tall : middle).toFixed(2),
      height: tall.toFixed(2), class: one.by > 0 ? 'up' : 'down'}), `${one.query}: ${signed(one.by)}`);
  });
  const svg = s('svg', {viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img', preserveAspectRatio: 'none', 'data-test': 'lab-differences',
    'aria-label': t('lab.chart', {better: sorted.filter((one) => one.by > 1e-9).length, worse: sorted.filter((one) => one.by < -1e-9).length})},
  s('line', {x1: 0, x2: width, y1: middle, y2: middle, class: 'axis'}), ...bars);
  return h('figure', {class: 'lab-figure'}, svg, h('figcaption', {}, h('span', {}, t('lab.chart_better', {most: signed(most)})), h('span', {}, t('lab.chart_worse', {most: signed(-most)}))));
}
