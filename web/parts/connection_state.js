// connection_state.js - how a connection does, in a word, and what became of what was found there.
import {h} from '../dom.js';
import {t} from '../texts.js';

const STATES = ['taken', 'waiting', 'failed', 'conflict', 'skipped', 'ignored', 'gone', 'sent', 'edited'];

export const itemStates = STATES;
export const foundText = (items) => STATES.filter((name) => items[name]).map((name) => t(`connect.count_${name}`, {count: items[name]})).join(' · ') || t('connect.nothing_found');

function stateOf(one) {
  if (!one.on) return 'paused';
  if (one.phase !== 'idle') return one.phase;
  if (one.failures) return 'failing';
  return one.error ? 'partly' : 'fine';
}

export function connectionChip(one) {
  const name = stateOf(one);
  return h('span', {class: 'chip', data: {tone: {failing: 'bad', fine: 'good'}[name] || ''}, test: 'connection-state'}, t(`connect.state_${name}`));
}
