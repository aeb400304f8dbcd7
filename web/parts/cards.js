// cards.js - what views of cards share: counts of a deck, the sides of a card, how long until it comes again.
import {h} from '../dom.js';
import {t, number} from '../texts.js';

const MINUTE = 60, HOUR = 3600, DAY = 86400;

// "10 min", "3 d": short enough for a button.
export function wait(seconds) {
  if (seconds < HOUR) return t('review.minutes', {count: Math.max(1, Math.round(seconds / MINUTE))});
  if (seconds < DAY) return t('review.hours', {count: Math.round(seconds / HOUR)});
  const days = seconds / DAY;
  if (days < 60) return t('review.days', {count: Math.round(days)});
  if (days < 730) return t('review.months', {count: Math.round(days / 30.4)});
  return t('review.years', {count: number(Math.round(days / 36.5) / 10)});
}

export function counts(one) {
  const part = (text, count) => h('span', {data: {some: count ? 'yes' : 'no'}}, t(text, {count: number(count)}));
  return h('span', {class: 'deck-counts', test: 'counts'}, part('study.new', one.new), part('study.learning', one.learning), part('study.due', one.review));
}

// {{c1::word}} or {{c1::word::hint}}: a gap in front, the word behind.
const GAP = /\{\{c\d+::(.*?)(?:::(.*?))?\}\}/gs;
export const hasGap = (text) => text.search(GAP) >= 0;
export function side(text, {isShown}) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(GAP)) {
    parts.push(text.slice(from, found.index));
    parts.push(h('span', {class: 'cloze', 'aria-label': isShown ? null : t('review.gap')}, isShown ? found[1] : `[${found[2] || '…'}]`));
    from = found.index + found[0].length;
  }
  return h('div', {class: 'flash-side'}, parts, text.slice(from));
}

const SVG = 'http://www.w3.org/2000/svg';
const RADIUS = 16;
const AROUND = 2 * Math.PI * RADIUS;

// A ring that fills: {element, show(share)}.
export function ring() {
  const element = document.createElementNS(SVG, 'svg');
  element.setAttribute('class', 'ring');
  element.setAttribute('viewBox', '0 0 36 36');
  element.setAttribute('aria-hidden', 'true');
  const [, filled] = [0, 1].map(() => {
    const circle = document.createElementNS(SVG, 'circle');
    for (const [name, value] of [['cx', 18], ['cy', 18], ['r', RADIUS]]) circle.setAttribute(name, value);
    element.append(circle);
    return circle;
  });
  filled.setAttribute('stroke-dasharray', AROUND);
  return {element, show: (share) => filled.setAttribute('stroke-dashoffset', AROUND * (1 - share))};
}
