// settings_people.js - who may do what in this workspace.
import {h, fill, cleanup} from '../dom.js';
import {t, ago} from '../texts.js';
import '../texts_account.js';
import {get, post, patch, remove} from '../api.js';
import {state, mayAdminister} from '../state.js';
import {field, form} from './forms.js';
import * as groups from './groups.js';
import {askLimits} from './limits_form.js';
import {longList} from './long_list.js';
import {toast} from './toast.js';

const ROLES = ['auditor', 'reader', 'editor', 'admin', 'owner'];
const passkeysOf = (one) => import('./passkeys_of.js').then((part) => part.show(one)).catch((error) => toast(error.message));
const options = () => ROLES.map((role) => [role, t(`role.${role}`)]);

function row(one, load, erase) {
  const self = one.id === state.session.user.id;
  async function change(values, text, back) {
    try {
      await patch(`/v1/users/${one.id}`, values);
      toast(text, back && {undo: () => patch(`/v1/users/${one.id}`, back).then(load, (error) => toast(error.message))});
    } catch (error) {
      toast(error.message);
    }
    load();
  }
  const role = h('select', {class: 'chip', 'aria-label': t('people.role_of', {name: one.name}), disabled: self || !mayAdminister(), test: 'person-role'},
    options().map(([value, text]) => h('option', {value}, text)));
  role.value = one.role;
  role.addEventListener('change', () => change({role: role.value}, t('people.role_changed', {name: one.name, role: t(`role.${role.value}`)}), {role: one.role}));
  const invited = one.status === 'invited';
  const again = () => post('/v1/users/invitations', {email: one.email}).then(() => toast(t('people.invited', {name: one.name})), (error) => toast(error.message));
  const seen = one.disabled ? t('people.disabled') : invited ? t('people.waits', {ago: ago(one.invited_at)}) : one.last_login_at ? t('people.seen', {ago: ago(one.last_login_at)}) : t('people.never');
  const takeOut = () => {
    line.hidden = true;
    toast(t('people.removed', {name: one.name}), {undo: () => { line.hidden = false; },
      commit: () => remove(`/v1/users/${one.id}`, null, {keepalive: true}).then(load, (error) => { line.hidden = false; toast(error.message); })});
  };
  const line = h('li', {class: 'line', data: {id: one.id}, test: 'person-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, one.email || t('service.account'))), h('small', {}, one.email || one.disabled ? seen : ''), role,
    mayAdminister() && h('button', {class: 'small', onclick: () => askLimits({of: 'user', subject: one.id, name: one.name}, load), test: 'person-limits'}, t('settings.limits')),
    mayAdminister() && invited && h('button', {class: 'small', test: 'person-again', onclick: again}, t('people.again')),
    mayAdminister() && !self && one.email && h('button', {class: 'small', test: 'person-passkeys', onclick: () => passkeysOf(one)}, t('people.passkeys')),
    mayAdminister() && !self && h('button', {class: 'small', test: 'person-disable',
      onclick: () => change({disabled: !one.disabled}, t(one.disabled ? 'people.let_in' : 'people.shut_out', {name: one.name}), {disabled: Boolean(one.disabled)})},
    t(one.disabled ? 'people.enable' : 'people.disable')),
    mayAdminister() && !self && h('button', {class: 'small', test: 'person-remove', onclick: takeOut}, t('do.remove')),
    mayAdminister() && !self && h('button', {class: 'small', test: 'person-erase', onclick: () => erase(one)}, t('erasing.button')));
  return line;
}

export function render(root) {
  const list = longList({row: (one) => row(one, load, erase), wordsOf: ({name, email}) => `${name} ${email || ''}`, none: '', attribute: 'id', test: 'person-rows'});
  const undo = cleanup();
  const grouped = h('section', {class: 'stacked'});
  const rule = h('section', {class: 'stacked', test: 'factor-rule'});
  const ending = h('section', {class: 'stacked', test: 'workspace-end'});
  const erased = h('section', {class: 'stacked'});
  let lookAtErased = () => {};
  const erase = (one) => import('./erasures.js').then((part) => part.ask(one, () => lookAtErased()), (error) => toast(error.message));
  let people = [];
  async function load() {
    try {
      people = (await get('/v1/users')).items;
      list.show(people);
    } catch (error) {
      list.fail(error, load);
    }
  }
  const services = form({
    test: 'service', submit: t('service.submit'),
    fields: [h('p', {class: 'status'}, t('service.lead')), field({name: 'name', label: t('service.name'), required: true, autocomplete: 'off', maxlength: 200}),
             field({name: 'role', label: t('settings.role'), options: options().slice(0, -1), value: 'reader'})],
    send: async (values, element) => {
      await post('/v1/users', {...values, kind: 'service'});
      element.reset();
      toast(t('people.added', {name: values.name}));
      load();
    },
  });
  load();
  if (!mayAdminister()) {
    fill(root, list.element);
    return undo;
  }
  groups.render(grouped, () => people, undo);
  const added = form({
    test: 'person', submit: t('people.invite'),
    fields: [field({name: 'name', label: t('people.name'), autocomplete: 'off'}), field({name: 'email', label: t('session.email'), type: 'email', required: true, autocomplete: 'off'}),
             field({name: 'password', label: t('people.password'), type: 'password', hint: t('people.password_new'), autocomplete: 'new-password'}),
             field({name: 'role', label: t('settings.role'), options: options(), value: 'reader'})],
    send: async ({password, ...values}, element) => {
      await (password ? post('/v1/users', {...values, password}) : post('/v1/users/invitations', values));
      element.reset();
      nameSubmit();
      toast(t(password ? 'people.added' : 'people.invited', {name: values.name || values.email}));
      load();
    },
  });
  const nameSubmit = () => { added.querySelector('[type=submit]').textContent = t(added.elements.password.value ? 'people.submit' : 'people.invite'); };
  added.addEventListener('input', nameSubmit);
  fill(root, list.element, h('h2', {}, t('people.add')), added, h('h2', {}, t('service.title')), services, grouped, rule, erased, ending);
  const nameOf = (id) => (people.find((one) => one.id === id) || {name: t('erasing.somebody')}).name;
  import('./erasures.js').then((part) => { lookAtErased = part.render(erased, nameOf, load, undo); }, () => {});
  import('./second_factor.js').then((part) => part.renderRule(rule), () => {});
  import('./workspace_end.js').then((part) => part.render(ending), () => {});
  return undo;
}
