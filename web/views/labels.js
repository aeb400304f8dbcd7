// labels.js - label sets: what each has learned, and how much it asks.
import {h, fill, cleanup} from '../dom.js';
import {t} from '../texts.js';
import {get, remove} from '../api.js';
import {mayWrite, on} from '../state.js';
import {go} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {labelSetDialog} from '../parts/label_form.js';

export function render(root) {
  const undo = cleanup();
  const asked = h('span', {});
  const add = mayWrite() && h('button', {class: 'small primary', onclick: () => labelSetDialog(null, (made) => go(`/labels/${made.id}`)), test: 'label-set-new'}, t('labels.new'));
  const head = top(t('labels.title'), asked, add);
  const list = h('ul', {class: 'lines', test: 'label-sets'});
  fill(root, head.element, h('div', {class: 'scroll pad labels'}, h('p', {class: 'lead'}, t('labels.lead')), list));

  function drop(one, row) {
    row.hidden = true;
    toast(t('labels.removed', {name: one.name}), {
      undo: () => { row.hidden = false; },
      commit: () => remove(`/v1/label-sets/${one.id}`, null, {keepalive: true}).then(load, (error) => toast(error.message)),
    });
  }

  function rowOf(one) {
    const facts = [t('labels.count', {count: one.labels.length}), t('labels.examples_count', {count: one.examples})].join(' · ');
    const row = h('li', {class: 'line', test: 'label-set', data: {id: one.id}}, h('a', {class: 'line-name', href: `/labels/${one.id}`}, h('b', {}, one.name), h('small', {}, facts)),
      one.asked > 0 && h('a', {class: 'button small', href: `/labels/asked?set=${one.id}`, test: 'label-set-asked'}, t('labels.asked_count', {count: one.asked})),
      mayWrite() && h('button', {class: 'small', onclick: () => labelSetDialog(one, load), test: 'label-set-edit'}, t('labels.edit')),
      mayWrite() && h('button', {class: 'small', onclick: () => drop(one, row), test: 'label-set-remove'}, t('do.remove')));
    return row;
  }

  async function load() {
    try {
      const {items} = await get('/v1/label-sets');
      const count = items.reduce((sum, one) => sum + one.asked, 0);
      fill(asked, count > 0 && h('a', {class: 'button small', href: '/labels/asked', test: 'asked-all'}, t('labels.decide', {count})));
      fill(list, items.length ? items.map(rowOf) : h('li', {class: 'nothing', test: 'labels-empty'}, h('h2', {}, t('labels.empty_title')), h('p', {}, t('labels.empty'))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }

  undo.add(on('event:work', ({type, state: now}) => { if (type.startsWith('label_') && now === 'done') load(); }));
  load();
  return {cleanup: undo, title: t('labels.title'), focus: head.heading};
}
