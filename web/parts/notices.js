// notices.js - what the server wants to be known, calmly: a line, never a red box.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {state} from '../state.js';
import {icon} from './icons.js';

export function noticeLine(text) {
  return h('p', {class: 'notice-line', test: 'notice'}, icon('notice'), h('span', {}, text));
}

export function notices() {
  const server = (state.session && state.session.server) || {};
  return (server.notices || []).map(noticeLine);
}

// How answers are made here, in three words.
export function answersBy() {
  const server = (state.session && state.session.server) || {};
  const {provider} = server;
  return provider ? [provider.model, provider.name].filter(Boolean).join(' · ') : t('ask.extractive');
}
