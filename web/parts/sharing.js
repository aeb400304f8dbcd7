// sharing.js - who sees a document or a collection: a list of people, groups and keys, or everybody.
import {h, fill} from '../dom.js';
import '../texts_account.js';
import {t} from '../texts.js';
import {get, put, remove} from '../api.js';
import {mayAdminister} from '../state.js';
import {check, dialog, field, formDialog} from './forms.js';
import {toast} from './toast.js';

const LEVELS = ['read', 'edit'];
const listed = (path) => get(path).then(({items}) => items, () => []);

function line(grant, drop) {
  const name = grant.name || grant.id;
  const level = drop
    ? h('select', {class: 'chip', 'aria-label': t('access.level_of', {name}), onchange: (event) => { grant.level = event.target.value; }, test: 'access-level'},
      LEVELS.map((one) => h('option', {value: one, selected: one === grant.level}, t(`access.${one}`))))
    : h('span', {class: 'status'}, t(`access.${grant.level}`));
  return h('li', {class: 'line', data: {id: grant.id}, test: 'access-row'}, h('span', {class: 'line-name'}, h('b', {}, name), h('small', {}, t(`access.${grant.kind}`))),
    level, drop && h('button', {class: 'small', type: 'button', onclick: drop, test: 'access-drop'}, t('do.remove')));
}

// Rows of `grants`, which follows what is chosen. Who administers people knows them; others type an address.
function chooser(grants, people, groups) {
  const list = h('ul', {class: 'lines', test: 'access-rows'});
  const paint = () => fill(list, grants.map((one) => line(one, () => { grants.splice(grants.indexOf(one), 1); paint(); })), !grants.length && h('li', {class: 'status'}, t('access.nobody')));
  function add(kind, id, name) {
    if (id && !grants.some((one) => one.kind === kind && (one.id === id || one.name === name))) grants.push({kind, id, name, level: 'read'});
    paint();
  }
  const chosen = (kind, all, label) => all.length > 0 && h('select', {class: 'chip', 'aria-label': label, test: `access-${kind}`, onchange: (event) => {
    const one = all.find(({id}) => id === event.target.value);
    event.target.value = '';
    if (one) add(kind, one.id, one.name);
  }}, h('option', {value: ''}, label), all.map(({id, name, email}) => h('option', {value: id}, email ? `${name} · ${email}` : name)));
  const typed = field({name: 'person', label: t('access.add_person'), type: 'email', hint: t('access.add_hint'), autocomplete: 'off'});
  const address = typed.querySelector('input');
  address.addEventListener('change', () => { add('user', address.value.trim(), address.value.trim()); address.value = ''; });
  paint();
  return h('fieldset', {class: 'group'}, h('legend', {}, t('access.who')), list,
    h('div', {class: 'row wrap'}, chosen('user', people, t('access.choose_person')), chosen('group', groups, t('access.choose_group'))), !people.length && typed);
}

const stateOf = ({restricted, own}, isDocument) => t(!restricted ? 'access.is_open' : isDocument && !own ? 'access.is_inherited' : 'access.is_restricted');

async function ask(path, name, isDocument, changed) {
  const now = await get(path);
  const title = t('access.title_of', {name});
  const state = h('p', {class: 'status', test: 'access-state'}, stateOf(now, isDocument));
  if (!now.may_change) return dialog({title, test: 'access', body: h('div', {}, state, h('ul', {class: 'lines'}, now.grants.map((one) => line(one))), h('p', {}, t('access.not_yours')))});
  const [people, groups] = await Promise.all([mayAdminister() ? listed('/v1/users') : [], listed('/v1/groups')]);
  const grants = now.grants.map((one) => ({...one}));
  const own = isDocument ? now.own : now.restricted;
  const body = chooser(grants, people.filter(({disabled}) => !disabled), groups);
  const only = check({name: 'restricted', label: t(isDocument ? 'access.own_list' : 'access.only_list'), hint: t('access.only_hint'), checked: own});
  const box = only.querySelector('input');
  const show = () => { body.hidden = !box.checked; };
  box.addEventListener('change', show);
  show();
  return formDialog({
    title, fields: [state, only, body], submit: t('do.save'), test: 'access', roomy: true,
    send: async ({restricted}) => {
      if (restricted) await put(path, {restricted, grants: grants.map(({kind, id, level}) => ({kind, id, level}))});
      else if (own) await remove(path);
      changed(await get(path));
    },
  });
}

// changed(access): it was saved, and is this now.
const shown = (path, name, isDocument, changed) => ask(path, name, isDocument, changed).catch((error) => toast(error.message));
export const shareDocument = (one, changed) => shown(`/v1/documents/${one.id}/access`, one.name, true, changed);
export const shareCollection = (one, changed) => shown(`/v1/collections/${one.id}/access`, one.name, false, changed);
