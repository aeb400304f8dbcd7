// quality.js - how well a document was read, in one word; why, and what was left out, when one asks.
import {h} from '../dom.js';
import {t, has} from '../texts.js';

const TONES = {excellent: 'good', good: 'good', fair: 'warn', poor: 'bad'};
const words = (one) => (typeof one === 'string' ? one : one.message);

// null for a document that was not read yet.
export function qualityBadge(one) {
  const quality = one.extraction_quality;
  const warnings = (one.warnings || []).map(words);
  const reasons = ((quality && quality.reasons) || []).filter((reason) => !warnings.includes(reason));
  if (!quality && !warnings.length) return null;
  const grade = quality ? quality.grade : 'fair';
  const text = has(`quality.${grade}`) ? t(`quality.${grade}`) : grade;
  const mark = [h('i', {class: 'dot', 'aria-hidden': 'true'}), text,
    warnings.length > 0 && ` · ${t('quality.left_out_count', {count: warnings.length})}`];
  if (!reasons.length && !warnings.length) return h('span', {class: 'chip quality', data: {grade, tone: TONES[grade]}, test: 'quality'}, mark);
  const group = (title, list, test) => list.length > 0 && [h('h2', {}, title), h('ul', {test}, list.map((reason) => h('li', {}, reason)))];
  const box = h('details', {class: 'quality', data: {grade, tone: TONES[grade]}, test: 'quality'},
    h('summary', {class: 'chip'}, mark), h('div', {class: 'quality-why'}, group(t('quality.why'), reasons, 'quality-reasons'),
      group(t('quality.left_out'), warnings, 'quality-warnings')));
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !box.open) return;
    event.preventDefault();
    event.stopPropagation();
    box.open = false;
    box.querySelector('summary').focus();
  });
  box.addEventListener('focusout', (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; });
  return box;
}
