// settings_gateway.js - the gateway's services with how they do, adding one, and below them models, routes and a dry run.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {get, put, post, remove, ApiError} from '../api.js';
import {mayAtLeast} from '../state.js';
import {field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import * as models from './gateway_models.js';
import * as routes from './gateway_routes.js';

const LOOK_MS = 5000;
const pathOf = (name) => `/v1/gateway/services/${encodeURIComponent(name)}`;
const ANY = 'openai-compatible';  // no provider with a name of its own
const titleOf = ({name, title}) => (name === ANY ? t('gateway.any') : title);
const isPrivate = (url) => /^https?:\/\/(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(url);

function said(result) {
  if (result.good) return t('gateway.test_good', {model: result.model, time: number(result.took_ms)});
  return result.problem || t('gateway.test_bad');
}

async function test(one) {
  try {
    return said(await post(`${pathOf(one.name)}/test`, {}));
  } catch (error) {
    return error.message;
  }
}

// A key for a new service, or another one for a service that is there.
function ask(providers, one, again) {
  const known = (name) => providers.find((provider) => provider.name === name);
  const first = one ? one.provider : 'openai';
  const address = field({name: 'base_url', label: t('provider.address'), type: 'url', value: one ? one.base_url : known(first).base_url, hint: t('provider.address_hint'), autocomplete: 'off'});
  const provider = field({name: 'provider', label: t('gateway.provider'), options: providers.map((provider) => [provider.name, titleOf(provider)]), value: first});
  const name = field({name: 'name', label: t('gateway.name'), value: one ? one.name : first, hint: t('gateway.name_hint'), autocomplete: 'off', maxlength: 100, readonly: Boolean(one)});
  const kept = one && one.document ? {...one.document} : {};
  provider.querySelector('select').addEventListener('change', ({target}) => {
    address.querySelector('input').value = known(target.value).base_url;
    if (!one) name.querySelector('input').value = target.value;
  });
  formDialog({
    title: t(one ? 'gateway.change' : 'gateway.add'), test: 'service', submit: t('gateway.save_test'),
    fields: [provider, name, address, field({name: 'key', label: t('provider.key'), type: 'password', hint: t(one && one.key_set ? 'provider.key_set' : 'gateway.key_hint'), autocomplete: 'off'})],
    send: async (values) => {
      const body = {...kept, provider: values.provider, base_url: values.base_url};
      if (!one || values.base_url !== one.base_url) delete body.models;
      if (values.key) body.key = values.key;
      if (isPrivate(values.base_url)) body.private = true;
      await put(pathOf(values.name), body);
      const result = await post(`${pathOf(values.name)}/test`, {}).catch((error) => ({problem: error.message}));
      again();
      if (!result.good) throw new ApiError('upstream', said(result), 200, 'key');
      toast(said(result));
    },
  });
}

function actions(one, providers, again) {
  const isOwn = one.from === 'workspace';
  const switchIt = () => put(pathOf(one.name), {...one.document, enabled: !one.enabled}).then(again, (error) => toast(error.message));
  const drop = () => toast(t('gateway.removed', {name: one.name}), {
    undo: again, commit: () => remove(pathOf(one.name), null, {keepalive: true}).then(again, (error) => toast(error.message)),
  });
  const tryIt = async ({currentTarget: button}) => {
    button.setAttribute('aria-busy', 'true');
    toast(await test(one));
    button.removeAttribute('aria-busy');
    again();
  };
  return [one.enabled && h('button', {class: 'small', onclick: tryIt, test: 'service-test'}, t('gateway.test')),
    isOwn && h('button', {class: 'small', onclick: () => ask(providers, one, again), test: 'service-change'}, t('gateway.edit')),
    isOwn && h('button', {class: 'small', onclick: switchIt, test: 'service-switch'}, t(one.enabled ? 'gateway.off' : 'gateway.on')),
    isOwn && h('button', {class: 'small', onclick: drop, test: 'service-remove'}, t('do.remove'))];
}

function row(one, providers, again) {
  const about = [one.base_url, t('gateway.models_count', {count: one.models.length, shown: number(one.models.length)}), one.calls ? t('gateway.calls', {count: one.calls, shown: number(one.calls)}) : ''];
  return h('li', {class: 'line service', data: {name: one.name}, test: 'service-row'},
    h('span', {class: 'light', data: {state: one.state}, role: 'img', 'aria-label': t(`gateway.state_${one.state}`), title: t(`gateway.state_${one.state}`)}),
    h('span', {class: 'line-name'}, h('b', {}, one.name === one.provider && one.name !== ANY ? one.title : one.name), h('small', {}, about.filter(Boolean).join(' · ')), one.problems.map((text) => h('small', {class: 'bad'}, text))),
    one.primary && h('span', {class: 'chip', data: {set: 'yes'}, title: t('gateway.primary_hint')}, t('gateway.primary')),
    one.from !== 'workspace' && h('span', {class: 'chip'}, t(one.found ? 'gateway.from_found' : `gateway.from_${one.from}`)), actions(one, providers, again));
}

// Returns what ends it.
export function render(root) {
  let timer = 0;
  let isGone = false;
  const list = h('ul', {class: 'lines', test: 'service-rows'}, h('li', {class: 'bone'}));
  const add = h('button', {class: 'primary', test: 'service-add', disabled: true}, t('gateway.add'));
  const known = h('div', {test: 'gateway-models'});
  const ways = h('div', {test: 'gateway-routes'});
  const dry = h('div', {test: 'gateway-dry'});
  let providers = [];

  async function look() {
    clearTimeout(timer);
    try {
      const {items} = await get('/v1/gateway/services');
      if (isGone) return;
      if (!list.contains(document.activeElement)) fill(list, items.map((one) => row(one, providers, all)), items.every(({from}) => from === 'itself') && h('li', {class: 'status'}, t('gateway.none')));
      timer = setTimeout(look, LOOK_MS);
    } catch (error) {
      fill(list, problem(error, look));
    }
  }
  function all() {
    if (isGone) return;
    if (list.contains(document.activeElement)) document.activeElement.blur();
    look();
    models.render(known, all);
    routes.render(ways);
  }
  add.addEventListener('click', () => ask(providers, null, all));
  fill(root, h('h2', {}, t('gateway.services')), h('p', {class: 'lead'}, t('gateway.lead')), list, add, ways, dry, known,
    h('p', {class: 'status'}, t('gateway.limits'), ' ', h('a', {href: '/settings/limits'}, t('settings.limits'))));
  routes.renderDry(dry);
  get('/v1/gateway/providers').then(({items}) => {
    providers = items.filter(({base_url: url, name}) => url || name === ANY);
    add.disabled = !mayAtLeast('admin');
    all();
  }, (error) => fill(list, problem(error, all)));
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}
