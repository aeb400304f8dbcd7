// missing.js - an address that leads nowhere.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {top} from '../parts/top.js';

export function render(root) {
  const head = top(t('missing.title'));
  fill(root, head.element, h('div', {class: 'scroll pad'}, h('p', {}, t('missing.text'), ' ', h('a', {href: '/library'}, t('do.library')))));
  return {title: t('missing.title'), focus: head.heading};
}
