// score.js - how well a passage fits: a bar, and the two legs in words and numbers.
import {h} from '../dom.js';
import {t, decimal, percentText} from '../texts.js';

export function scoreBar(score) {
  const percent = Math.round(100 * Math.max(0, Math.min(1, score || 0)));
  const fillBar = h('i', {});
  fillBar.style.setProperty('--part', `${percent}%`);
  return h('span', {class: 'score', role: 'img', 'aria-label': t('score.fit', {percent: percentText(percent)}), title: t('score.fit', {percent: percentText(percent)})},
    h('span', {class: 'score-bar'}, fillBar));
}

function leg(name, score, rank) {
  if (score === null || score === undefined) return h('span', {class: 'leg absent'}, t(`score.${name}_none`));
  return h('span', {class: 'leg'}, t(`score.${name}`), ' ', h('b', {class: 'number'}, decimal(score)),
    rank ? h('span', {class: 'rank'}, t('score.rank', {rank})) : null);
}

export function legs(result) {
  const scores = result.scores || {};
  const ranks = result.ranks || {};
  return h('span', {class: 'legs', test: 'legs'}, leg('keyword', scores.keyword, ranks.keyword), leg('semantic', scores.semantic, ranks.semantic));
}

// The snippet with its highlights, which are [start, end) in UTF-16 units as JavaScript counts.
export function marked(text, highlights) {
  const parts = [];
  let at = 0;
  for (const [start, end] of highlights || []) {
    if (start < at || end > text.length) continue;
    parts.push(text.slice(at, start), h('mark', {}, text.slice(start, end)));
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}
