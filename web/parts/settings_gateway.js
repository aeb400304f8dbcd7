// settings_gateway.js - the gateway's services with how they do, adding one, and below them models, routes and a dry run.
import {h, fill, keepFocus} from '../dom.js';
import {t, number} from '../texts.js';
import {get, put, remove} from '../api.js';
import {mayAtLeast} from '../state.js';
import {ANY, askService, pathOf, tryService} from './service_form.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import * as models from './gateway_models.js';
import * as routes from './gateway_routes.js';

const LOOK_MS = 5000;

function actions(one, providers, again) {
  const isOwn = one.from === 'workspace';
  const switchIt = () => put(pathOf(one.name), {...one.document, enabled: !one.enabled}).then(again, (error) => toast(error.message));
  const drop = () => toast(t('gateway.removed', {name: one.name}), {
    undo: again, commit: () => remove(pathOf(one.name), null, {keepalive: true}).then(again, (error) => toast(error.message)),
  });
  const tryIt = async ({currentTarget: button}) => {
    button.setAttribute('aria-busy', 'true');
    toast(await tryService(one.name));
    button.removeAttribute('aria-busy');
    again();
  };
  return [one.enabled && h('button', {class: 'small', onclick: tryIt, test: 'service-test'}, t('gateway.test')),
    isOwn && h('button', {class: 'small', onclick: () => askService(providers, one, again), test: 'service-change'}, t('gateway.edit')),
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
      // Not under a test that is waited for.
      if (!list.querySelector('[aria-busy]')) keepFocus(list, 'name', () => fill(list, items.map((one) => row(one, providers, all)), items.every(({from}) => from === 'itself') && h('li', {class: 'status'}, t('gateway.none'))));
      timer = setTimeout(look, LOOK_MS);
    } catch (error) {
      fill(list, problem(error, look));
    }
  }
  function all() {
    return isGone ? null : Promise.all([look(), models.render(known, all), routes.render(ways)]);
  }
  add.addEventListener('click', () => askService(providers, null, all));
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
