// top.js - the line above every view: its name, what can be done, and the way to everything else.
import {h} from '../dom.js';
import {t, modKey} from '../texts.js';
import {emit} from '../state.js';
import {icon} from './icons.js';

export function top(title, ...actions) {
  const heading = h('h1', {tabindex: -1, test: 'title'}, title);
  const element = h('header', {class: 'top'}, heading, actions,
    h('button', {class: 'find', onclick: () => emit('palette'), test: 'palette-open', 'aria-keyshortcuts': 'Control+K Meta+K'},
      icon('search'), h('span', {}, t('top.find')), h('kbd', {}, modKey('K'))));
  return {element, heading};
}
