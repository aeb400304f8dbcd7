// settings_server.js - what this server has, what it misses and how to add it; the model service that writes answers.
import {h, fill} from '../dom.js';
import {t, number, bytes} from '../texts.js';
import {get, put, remove} from '../api.js';
import {state, mayAdminister, mayAtLeast} from '../state.js';
import {field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import {notices} from './notices.js';
import * as models from './settings_models.js';
import {formatsByFamily, familyName} from './families.js';

async function readSession() {
  state.session = await get('/v1/session').catch(() => state.session);
}

function providerForm(provider, again) {
  return [form({
    test: 'provider', submit: t('do.save'),
    fields: [
      field({name: 'base_url', label: t('provider.address'), value: provider.base_url || '', type: 'url', placeholder: t('provider.address_example'), hint: t('provider.address_hint'), autocomplete: 'off'}),
      field({name: 'model', label: t('provider.model'), value: provider.model || '', hint: t('provider.model_hint'), autocomplete: 'off'}),
      field({name: 'key', label: t('provider.key'), type: 'password', hint: t(provider.key_set ? 'provider.key_set' : 'provider.key_hint'), autocomplete: 'off'}),
    ],
    send: async (values) => {
      const body = {base_url: values.base_url};
      if (values.model) body.model = values.model;
      if (values.key) body.key = values.key;
      await put('/v1/settings/provider', body);
      toast(t('provider.saved'));
      await readSession();
      again();
    },
  }), provider.base_url && h('button', {class: 'small', test: 'provider-remove', onclick: async () => {
    await remove('/v1/settings/provider').catch((error) => toast(error.message));
    await readSession();
    again();
  }}, t('provider.remove'))];
}

async function provider(root) {
  try {
    const settings = await get('/v1/settings');
    fill(root, h('h2', {}, t('provider.title')), h('p', {class: 'lead'}, t('provider.lead')), providerForm(settings.provider || {}, () => provider(root)));
  } catch (error) {
    fill(root, problem(error, () => provider(root)));
  }
}

// Well over a hundred kinds of files: their number, and the names to whom asks.
async function formatsRead() {
  const families = await formatsByFamily();
  const count = families.reduce((sum, [, titles]) => sum + titles.length, 0);
  return h('details', {test: 'formats'}, h('summary', {}, t('server.formats_count', {count})),
    families.map(([family, titles]) => h('p', {}, h('b', {}, familyName(family)), ' ', titles.join(' · '))));
}

async function figures(root) {
  const one = await get('/v1/statistics').catch(() => null);
  if (!one) return;
  const {server} = state.session;
  const model = !server.model ? t('server.no_model') : [server.model.name, t(server.model.ready ? 'server.model_ready' : 'server.model_waiting')].filter(Boolean).join(' · ');
  const rows = [['server.version', server.version], ['server.model', model], ['server.documents', number(one.documents)], ['server.chunks', number(one.chunks)],
                ['server.vectors', number(one.vectors)], ['server.bytes', bytes(one.bytes)], ['server.upload_max', server.upload_max && bytes(server.upload_max)],
                ['server.formats', await formatsRead()]];
  fill(root, rows.filter(([, value]) => value).map(([key, value]) => [h('dt', {}, t(key)), h('dd', {}, value)]));
}

export function render(root) {
  const service = h('div', {});
  const embedding = h('div', {test: 'models'});
  const facts = h('dl', {class: 'facts', test: 'server-facts'});
  const told = h('div', {});
  const tell = () => {
    fill(told, notices());
    figures(facts);
  };
  // A model may have come, or its folder gone, since the page was opened.
  const refresh = () => get('/v1/session').then((session) => {
    if (!session.user) return;
    state.session = session;
    tell();
  }, () => {});
  const exported = h('section', {class: 'stacked', test: 'exported'});
  const imported = h('section', {class: 'stacked', test: 'imported'});
  const examined = h('section', {class: 'stacked', test: 'examined'});
  fill(root, told, facts, embedding, service, examined, exported, imported, h('p', {}, h('a', {href: '/docs'}, t('keys_api.docs'))));
  tell();
  refresh();
  if (!mayAdminister()) return () => {};
  provider(service);
  const cleanups = [models.render(embedding, refresh)];
  if (mayAtLeast('owner')) {
    import('./exports.js').then((part) => cleanups.push(part.render(exported)), () => {});
    import('./imports.js').then((part) => cleanups.push(part.render(imported)), () => {});
    import('./doctor.js').then((part) => part.render(examined), () => {});
  }
  return () => cleanups.forEach((end) => end && end());
}
