// conversations.js - what was asked before: open, rename, pin, remove with undo.
import {h, fill, cleanup, debounce} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get, patch, remove} from '../api.js';
import {emit} from '../state.js';
import {bind, walker} from '../keys.js';
import {go} from '../router.js';
import {top} from '../parts/top.js';
import {icon} from '../parts/icons.js';
import {field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';

export function render(root) {
  const undo = cleanup();
  let items = [];
  const find = h('input', {type: 'search', 'aria-label': t('talk.find'), placeholder: t('talk.find'), test: 'conversations-find', oninput: debounce(200, () => load())});
  const folder = h('select', {class: 'chip', 'aria-label': t('talk.folder'), hidden: true, onchange: () => load(), test: 'conversations-folder'});
  const head = top(t('conversations.title'), h('a', {class: 'button small', href: '/ask', test: 'new-conversation'}, t('conversations.new')));
  const list = h('ul', {class: 'docs', 'aria-label': t('conversations.title'), test: 'conversations'}, Array.from({length: 5}, () => h('li', {class: 'doc bone'})));
  fill(root, head.element, h('div', {class: 'row pad'}, find, folder), h('div', {class: 'scroll'}, list));
  const walk = walker(list, '.doc', {opened: (row) => go(`/ask/${row.dataset.id}`)});
  const current = () => items.find((one) => walk.current() && one.id === walk.current().dataset.id);

  async function change(one, values) {
    Object.assign(one, values);
    paint();
    try {
      await patch(`/v1/conversations/${one.id}`, values);
      emit('conversations');
    } catch (error) {
      toast(error.message);
    }
  }

  function rename(one) {
    formDialog({title: t('conversations.rename'), submit: t('do.save'), test: 'rename-conversation',
      fields: [field({name: 'title', label: t('conversations.name'), value: one.title, required: true, maxlength: 300, autocomplete: 'off'})],
      send: (values) => change(one, values)});
  }

  function drop(one) {
    items = items.filter((other) => other !== one);
    paint();
    toast(t('conversations.removed', {title: one.title}), {
      undo: load,
      commit: () => remove(`/v1/conversations/${one.id}`, null, {keepalive: true}).then(() => emit('conversations'), (error) => toast(error.message)),
    });
  }

  const act = (name, text, run, props) => h('button', {class: 'icon', 'aria-label': text, title: text, onclick: run, tabindex: -1, ...props}, icon(name));
  const row = (one) => h('li', {class: 'doc talk-row', tabindex: -1, data: {id: one.id}, test: 'conversation'},
    h('a', {class: 'doc-name', href: `/ask/${one.id}`, tabindex: -1}, h('span', {}, one.title || t('conversations.untitled'))),
    h('time', {class: 'cell-time number', datetime: one.updated_at || one.created_at, title: fullDate(one.updated_at || one.created_at)}, ago(one.updated_at || one.created_at)),
    act('pin', t(one.pinned ? 'conversations.unpin' : 'conversations.pin'), () => change(one, {pinned: !one.pinned}), {'aria-pressed': String(Boolean(one.pinned)), test: 'pin'}),
    h('button', {class: 'small', onclick: () => rename(one), tabindex: -1, test: 'conversation-rename'}, t('do.rename')),
    act('trash', t('do.remove'), () => drop(one), {test: 'conversation-remove'}));

  function paint() {
    const at = Math.max(0, walk.at());
    items.sort((a, b) => Number(Boolean(b.pinned)) - Number(Boolean(a.pinned)));
    fill(list, items.map(row), items.length === 0 && h('li', {class: 'nothing'}, h('h2', {}, t('conversations.none')), h('p', {}, h('a', {href: '/ask'}, t('conversations.start')))));
    walk.put(at, {focus: false, quiet: true});
  }

  async function load() {
    try {
      items = (await get('/v1/conversations', {limit: 100, q: find.value.trim(), folder: folder.value})).items;
      paint();
    } catch (error) {
      fill(list, problem(error, load));
    }
  }

  undo.add(bind({...walk.keys, e: () => current() && (rename(current()), true), Delete: () => current() && (drop(current()), true)}));
  load();
  get('/v1/conversations/folders').then(({items: all}) => {
    folder.hidden = all.length === 0;
    fill(folder, h('option', {value: ''}, t('talk.folders_all')), all.map((one) => h('option', {value: one.name}, one.name)));
  }, () => null);
  return {cleanup: undo, title: t('conversations.title'), focus: head.heading};
}
