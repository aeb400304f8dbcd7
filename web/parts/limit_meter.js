// limit_meter.js - one budget as a line of words and a bar: what is spent, what is reserved, when it begins again.
import {h} from '../dom.js';
import {t, ago, dollars, fullDate} from '../texts.js';
import {s} from './lab_chart.js';

const NEAR = 80;  // per cent from which it is told in another colour
const STUCK = 95;  // per cent from which what is only reserved stands in the way
const countsCalls = (budget) => budget.calls !== undefined;
export const amountOf = (budget) => (countsCalls(budget) ? budget.calls : budget.dollars);

// Money comes as an exact text, calls as a number.
const told = (budget, amount) => (countsCalls(budget) ? t('limits.calls', {count: Number(amount)}) : dollars(Number(amount)));

export function meter(budget, reclaim) {
  const all = Number(amountOf(budget));
  const share = (amount) => (all ? Math.min(100, 100 * Number(amount) / all) : 100);
  const spent = share(budget.spent);
  const held = Math.min(share(budget.held), 100 - spent);
  const level = spent >= 100 ? 'full' : spent >= NEAR ? 'near' : 'good';
  const words = t('limits.used', {spent: told(budget, budget.spent), amount: told(budget, amountOf(budget))});
  const bar = s('svg', {viewBox: '0 0 100 4', preserveAspectRatio: 'none', class: 'meter', role: 'meter', 'data-level': level, 'aria-label': t(`limits.now_${budget.period}`),
    'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(spent), 'aria-valuetext': words},
  s('rect', {x: 0, width: spent, y: 0, height: 4, class: 'spent'}), s('rect', {x: spent, width: held, y: 0, height: 4, class: 'held'}));
  return h('div', {class: 'budget', test: 'budget', data: {period: budget.period}},
    h('div', {class: 'row wrap'}, h('span', {}, t(`limits.now_${budget.period}`)), h('b', {}, words), level === 'full' && h('span', {class: 'chip', data: {tone: 'bad'}}, t('limits.reached')),
      held > 0 && [h('small', {title: t('limits.held_hint')}, t('limits.held', {held: told(budget, budget.held)})),
        spent + held >= STUCK && h('button', {class: 'link', onclick: () => reclaim(budget), title: t('limits.reclaim_hint'), test: 'budget-reclaim'}, t('limits.reclaim'))],
      budget.resets_at && h('small', {class: 'resets', title: fullDate(budget.resets_at)}, t('limits.resets', {when: ago(budget.resets_at)}))), bar);
}
