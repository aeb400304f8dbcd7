// incoming_hooks.js - addresses that other programs call: how they prove who they are, and what came. The secret is shown once.
import {h, fill} from '../dom.js';
import {t, ago, bytes, fullDate} from '../texts.js';
import {get, post, patch, remove} from '../api.js';
import {state, collectionName} from '../state.js';
import {dialog, field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const pathOf = (one) => `/v1/hooks/${encodeURIComponent(one.id)}`;
const SECRETLESS = ['', 'path'];  // the secret is made here

async function showReceipts(one) {
  const list = h('ul', {class: 'lines', test: 'receipts'}, h('li', {class: 'bone'}));
  dialog({title: t('incoming.came_to', {name: one.name}), test: 'receipts-dialog', roomy: true, body: list});
  try {
    const {items} = await get(`${pathOf(one)}/receipts`, {limit: 100});
    fill(list, items.length ? items.map((each) => h('li', {class: 'line', test: 'receipt'}, h('span', {class: 'line-name'}, h('b', {}, fullDate(each.created_at)), h('small', {}, bytes(each.size))),
      each.document && h('a', {class: 'button small', href: `/documents/${each.document}`}, t('incoming.document')))) : h('li', {class: 'status'}, t('incoming.nothing_came')));
  } catch (error) {
    fill(list, problem(error));
  }
}

function row(one, schemes, again) {
  const title = (schemes.find(({scheme}) => scheme === one.scheme) || {title: one.scheme}).title;
  const about = [title, one.collection && t('connect.into', {name: collectionName(one.collection)}), one.last_at ? t('incoming.last', {ago: ago(one.last_at)}) : t('hooks.never')].filter(Boolean).join(' · ');
  const drop = () => toast(t('incoming.removed', {name: one.name}), {undo: again, commit: () => remove(pathOf(one), null, {keepalive: true}).then(again, (error) => toast(error.message))});
  const turn = () => patch(pathOf(one), {is_on: !one.is_on}).then(again, (error) => toast(error.message));
  return h('li', {class: 'limited', test: 'incoming-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, about), one.url && h('small', {class: 'wraps'}, one.url)),
    h('div', {class: 'row wrap'}, h('button', {class: 'small', onclick: () => showReceipts(one), test: 'incoming-receipts'}, t('incoming.came')),
      h('button', {class: 'small', onclick: turn, test: 'incoming-switch'}, t(one.is_on ? 'gateway.off' : 'gateway.on')), h('button', {class: 'small', onclick: drop, test: 'incoming-remove'}, t('do.remove'))));
}

const shown = (label, value, test) => value && h('input', {class: 'secret', readonly: true, value, 'aria-label': label, test});

export async function render(root) {
  let schemes = [];
  const list = h('ul', {class: 'lines', test: 'incoming-rows'});
  const once = h('div', {});
  const load = async () => {
    try {
      fill(list, (await get('/v1/hooks')).items.map((one) => row(one, schemes, load)));
    } catch (error) {
      fill(list, problem(error, load));
    }
  };
  try {
    schemes = (await get('/v1/hooks/schemes')).items;
  } catch (error) {
    fill(root, problem(error, () => render(root)));
    return;
  }
  fill(root, h('h2', {}, t('incoming.title')), h('p', {class: 'lead'}, t('incoming.lead')), list, once, form({
    test: 'incoming', submit: t('incoming.add'),
    fields: [field({name: 'hook_name', label: t('incoming.name'), required: true, maxlength: 100, autocomplete: 'off'}),
      field({name: 'scheme', label: t('incoming.scheme'), value: 'standard', options: schemes.map(({scheme, title}) => [scheme, title])}),
      field({name: 'secret', label: t('incoming.secret'), hint: t('incoming.secret_hint'), autocomplete: 'off', class: 'secret'}),
      field({name: 'collection', label: t('connect.collection'), value: '', hint: t('incoming.collection_hint'), options: [['', t('connect.no_collection')], ...state.collections.map((one) => [one.id, one.name])]})],
    send: async (values, element) => {
      const made = await post('/v1/hooks', {name: values.hook_name, scheme: values.scheme, ...(values.secret && {secret: values.secret}), ...(values.collection && {collection: values.collection})});
      fill(once, h('div', {class: 'once', role: 'status', test: 'incoming-once'}, h('p', {}, t('incoming.once')), shown(t('incoming.address'), made.url, 'incoming-url'),
        !SECRETLESS.includes(made.scheme) && shown(t('incoming.secret'), made.secret, 'incoming-secret')));
      element.reset();
      load();
    },
  }));
  load();
}
