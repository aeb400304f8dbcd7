// execution_state.js - words for how a workflow's execution does, how long it took and what it cost.
import {h} from '../dom.js';
import {t, has, dollars, number} from '../texts.js';

const PICO = 1e12;
const TONES = {done: 'good', failed: 'bad', dead: 'bad', running: 'busy', active: 'busy', waiting: 'busy'};
export const EXECUTION_STATES = ['running', 'paused', 'done', 'failed', 'cancelled'];
export const isOver = ({state}) => !['running', 'paused'].includes(state);

export const stateText = (state) => (has(`run.state_${state}`) ? t(`run.state_${state}`) : state);
export const stateChip = (state) => h('span', {class: 'chip', data: {tone: TONES[state] || ''}, test: 'run-state'}, stateText(state));
export const startedText = (by) => (has(`run.by_${by}`) ? t(`run.by_${by}`) : by);

// "12 ms", "3.4 s", "2 min": as exact as it helps.
export function took(ms) {
  if (ms === null || ms === undefined) return '';
  if (ms < 1000) return t('run.ms', {count: ms});
  if (ms < 60000) return t('run.s', {count: number(Math.round(ms / 100) / 10)});
  return t('run.min', {count: number(Math.round(ms / 6000) / 10)});
}

export const between = (one) => (one.finished_at ? took(new Date(one.finished_at) - new Date(one.created_at)) : '');
export const costText = ({tokens, cost_pico: cost}) => [tokens > 0 && t('run.tokens', {count: tokens}), cost > 0 && dollars(cost / PICO)].filter(Boolean).join(' · ');
