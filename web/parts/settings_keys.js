// settings_keys.js - API keys: make one, see it once, revoke it.
import {h, fill} from '../dom.js';
import {t, fullDate, ago} from '../texts.js';
import '../texts_account.js';
import {get, post, remove} from '../api.js';
import {state, collectionName, mayAdminister, mayRead} from '../state.js';
import {check, field, form} from './forms.js';
import {askLimits} from './limits_form.js';
import {longList} from './long_list.js';
import {toast} from './toast.js';

const SCOPES = ['read', 'write', 'ask', 'models', 'admin', 'scim'];
const ROLES = ['reader', 'editor', 'admin', 'owner'];
const rolesUpToOwn = () => [...ROLES.slice(0, ROLES.indexOf(state.session.user.role) + 1), ...(mayAdminister() ? ['auditor'] : [])];

async function copy(text, field_) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http to another machine has no clipboard: the key is selected, so that the usual keys copy it.
    field_.select();
    return toast(t('keys_api.select'));
  }
  return toast(t('keys_api.copied'));
}

function shownOnce(made) {
  const value = h('input', {class: 'secret', readonly: true, value: made.key, 'aria-label': t('keys_api.key'), test: 'key-value', spellcheck: 'false'});
  return h('div', {class: 'once', role: 'status', test: 'key-once'}, h('p', {}, t('keys_api.once', {name: made.name})),
    h('div', {class: 'row'}, value, h('button', {class: 'primary', onclick: () => copy(made.key, value), test: 'key-copy'}, t('do.copy'))));
}

const nameOf = (id) => collectionName(id) || id;

function row(one, load) {
  const revoke = () => {
    item.remove();
    toast(t('keys_api.revoked', {name: one.name}), {
      undo: load,
      commit: () => remove(`/v1/keys/${one.id}`, null, {keepalive: true}).catch((error) => { toast(error.message); load(); }),
    });
  };
  const limit = () => askLimits({of: 'key', subject: one.id, name: one.name}, load);
  const used = one.last_used_at ? [t('keys_api.used', {ago: ago(one.last_used_at)}), one.last_address].filter(Boolean).join(', ') : t('keys_api.unused');
  const until = one.expires_at ? t('keys_api.until', {date: fullDate(one.expires_at)}) : '';
  const item = h('li', {class: 'line', data: {id: one.id}, test: 'key-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, h('code', {}, `${one.prefix}…`), ` · ${[t(`role.${one.role}`), ...one.scopes, ...one.collections.map(nameOf)].join(', ')}`)),
    h('small', {}, [used, until].filter(Boolean).join(' · ')), mayAdminister() && h('button', {class: 'small', onclick: limit, test: 'key-limits'}, t('settings.limits')), h('button', {class: 'small', onclick: revoke, test: 'key-revoke'}, t('keys_api.revoke')));
  return item;
}

export function render(root) {
  const once = h('div', {});
  const list = longList({row: (one) => row(one, load), wordsOf: ({name, prefix}) => `${name} ${prefix}`, none: t('keys_api.none'), attribute: 'id', test: 'key-rows'});
  async function load() {
    try {
      list.show((await get('/v1/keys')).items);
    } catch (error) {
      list.fail(error, load);
    }
  }
  const own = rolesUpToOwn();
  const forWhom = h('div', {hidden: true});
  const scopes = h('details', {test: 'key-scopes'}, h('summary', {}, t('scope.title')), h('p', {class: 'status'}, t('scope.hint')),
    SCOPES.map((scope) => check({name: `scope_${scope}`, label: t(`scope.${scope}`)})));
  const only = state.collections.length > 0 && h('details', {test: 'key-collections'}, h('summary', {}, t('keys_api.collections')), h('p', {class: 'status'}, t('keys_api.collections_hint')),
    state.collections.map(({id, name}) => check({name: `collection_${id}`, label: name})));
  async function offerServices() {
    const services = (await get('/v1/users')).items.filter(({kind}) => kind === 'service');
    if (!services.length) return;
    fill(forWhom, field({name: 'user', label: t('service.for'), options: [['', t('service.me')], ...services.map(({id, name}) => [id, name])]}));
    forWhom.hidden = false;
  }
  load();
  if (!mayRead()) {
    fill(root, list.element);
    return;
  }
  fill(root, h('p', {class: 'lead'}, t('keys_api.lead'), ' ', h('a', {href: '/docs'}, t('keys_api.docs'))), once, form({
    test: 'key', submit: t('keys_api.create'),
    fields: [h('div', {class: 'row fields'}, field({name: 'name', label: t('keys_api.name'), placeholder: t('keys_api.name_example'), required: true, autocomplete: 'off', maxlength: 200}),
      field({name: 'role', label: t('settings.role'), options: own.map((role) => [role, t(`role.${role}`)]), value: own.includes('editor') ? 'editor' : own[0]}),
      field({name: 'expires', label: t('keys_api.expires'), type: 'date'}), forWhom), scopes, only],
    send: async ({name, role, expires, user, ...chosen}, element) => {
      const body = {name, role};
      const named = {scopes: SCOPES.filter((scope) => chosen[`scope_${scope}`]), collections: state.collections.map(({id}) => id).filter((id) => chosen[`collection_${id}`])};
      for (const [list, chosenOnes] of Object.entries(named)) if (chosenOnes.length) body[list] = chosenOnes;
      if (user) body.user = user;
      if (expires) body.expires_at = `${expires}T23:59:59Z`;
      fill(once, shownOnce(await post('/v1/keys', body)));
      once.querySelector('input').select();
      element.reset();
      load();
    },
  }), list.element);
  if (mayAdminister()) offerServices().catch(() => {});
}
