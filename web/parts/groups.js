// groups.js - named groups of this workspace's people: what they are called, and who is in them.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {get, patch, post, remove} from '../api.js';
import {follow} from './follow.js';
import {field, formDialog} from './forms.js';
import {longList} from './long_list.js';
import {toast} from './toast.js';

const pathOf = (one) => `/v1/groups/${one.id}`;

// A line for each person with a box; `chosen` is a Set of ids and follows the boxes.
function chooser(people, chosen) {
  const row = (one) => {
    const box = h('input', {type: 'checkbox', id: `in-${one.id}`, checked: chosen.has(one.id), test: 'group-person', onchange: () => (box.checked ? chosen.add(one.id) : chosen.delete(one.id))});
    return h('li', {class: 'field check', data: {person: one.id}}, box, h('label', {for: box.id}, one.name, ' ', h('small', {}, one.email)));
  };
  const list = longList({row, wordsOf: ({name, email}) => `${name} ${email}`, none: '', attribute: 'person', test: 'group-people'});
  list.show(people);
  return h('fieldset', {class: 'group'}, h('legend', {}, t('group.people')), list.element);
}

// one: the group that is changed; null for a new one. Only what was changed is sent: others may change it, too.
async function ask(one, people, again) {
  const now = one ? await get(pathOf(one)) : {name: '', people: []};
  const before = new Set(now.people.map(({id}) => id));
  const chosen = new Set(before);
  formDialog({
    title: t(one ? 'group.change' : 'group.add'), submit: t('do.save'), test: 'group', roomy: true,
    fields: [field({name: 'name', label: t('group.name'), value: now.name, required: true, maxlength: 200, autocomplete: 'off'}), chooser(people, chosen)],
    send: async ({name}) => {
      const body = {name, add: [...chosen].filter((id) => !before.has(id))};
      await (one ? patch(pathOf(one), {...body, remove: [...before].filter((id) => !chosen.has(id))}) : post('/v1/groups', body));
      again();
    },
  });
}

// people(): those there are to choose from, when it is asked; undo: what ends with the view.
export function render(root, people, undo) {
  const act = (one) => ask(one, people(), load).catch((error) => toast(error.message));
  const list = longList({row, wordsOf: ({name}) => name, none: t('group.none'), attribute: 'id', test: 'group-rows'});
  async function load() {
    try {
      list.show((await get('/v1/groups')).items);
    } catch (error) {
      list.fail(error, load);
    }
  }
  function row(one) {
    const drop = () => {
      line.hidden = true;
      toast(t('group.removed', {name: one.name}), {undo: () => { line.hidden = false; }, commit: () => remove(pathOf(one), null, {keepalive: true}).then(load, (error) => toast(error.message))});
    };
    const line = h('li', {class: 'line', data: {id: one.id}, test: 'group-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, t('group.members', {count: one.members, shown: number(one.members)}))),
      h('button', {class: 'small', onclick: () => act(one), test: 'group-edit'}, t('flow.edit')), h('button', {class: 'small', onclick: drop, test: 'group-remove'}, t('do.remove')));
    return line;
  }
  fill(root, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, t('group.title')), h('button', {class: 'small', onclick: () => act(null), test: 'group-add'}, t('group.add'))),
    h('p', {class: 'status'}, t('group.lead')), list.element);
  follow(undo, ['group'], load);
  load();
}
