// connections.js - places outside that documents come from, and how each does.
import {h, fill, cleanup, keepFocus} from '../dom.js';
import {t, ago} from '../texts.js';
import {get, post} from '../api.js';
import {go} from '../router.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {chooseKind, everyText} from '../parts/connection_form.js';
import {connectionChip, foundText} from '../parts/connection_state.js';

const ALL = 1000;  // more than a workspace may have

export function render(root) {
  const undo = cleanup();
  let kinds = [];
  const add = h('button', {class: 'small primary', disabled: true, onclick: () => chooseKind(kinds, (made) => go(`/connections/${made.id}`)), test: 'connection-add'}, t('connect.add'));
  const head = workHead('connections', t('connect.title'), add);
  const list = h('ul', {class: 'lines', test: 'connections'}, h('li', {class: 'bone wide'}));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('p', {class: 'lead'}, t('connect.lead')), list));

  async function sync(one) {
    try {
      await post(`/v1/connections/${one.id}/sync`);
      toast(t('connect.syncing', {name: one.name}));
      load();
    } catch (error) {
      toast(error.message);
    }
  }

  function rowOf(one) {
    const facts = [t(`connect.kind_of_${one.kind}`), everyText(one.every_minutes), one.done_at ? t('connect.last', {ago: ago(one.done_at)}) : t('connect.never')];
    return h('li', {class: 'line', test: 'connection-row', data: {id: one.id}},
      h('a', {class: 'line-name', href: `/connections/${one.id}`, test: 'connection-open'}, h('b', {}, one.name), h('small', {}, facts.join(' · ')), h('small', {}, foundText(one.items)), one.error && h('small', {class: 'bad'}, one.error)),
      connectionChip(one), one.on && h('button', {class: 'small', onclick: () => sync(one), test: 'connection-sync'}, t('connect.sync')));
  }

  async function load() {
    try {
      const [all, known] = await Promise.all([get('/v1/connections', {limit: ALL}), kinds.length ? {items: kinds} : get('/v1/connections/kinds')]);
      kinds = known.items;
      add.disabled = false;
      keepFocus(list, 'id', () => fill(list, all.items.length ? all.items.map(rowOf)
        : h('li', {class: 'nothing', test: 'connections-empty'}, h('h2', {}, t('connect.empty_title')), h('p', {}, t('connect.empty')))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }

  follow(undo, ['connection'], load);
  load();
  return {cleanup: undo, title: t('connect.title'), focus: head.heading};
}
