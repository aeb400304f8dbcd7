// settings_server.js - what this server has, what it misses and how to add it; the model service that writes answers.
import {h, fill} from '../dom.js';
import {t, number, bytes} from '../texts.js';
import {get, put, remove} from '../api.js';
import {state, mayAdminister} from '../state.js';
import {field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import {notices} from './notices.js';
import {formatTitles} from './filters.js';

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

async function figures(root) {
  const one = await get('/v1/statistics').catch(() => null);
  if (!one) return;
  const {server} = state.session;
  const model = server.model && server.model.name ? `${server.model.name} · ${t(server.model.ready ? 'server.model_ready' : 'server.model_loading')}` : t('server.no_model');
  const rows = [['server.version', server.version], ['server.model', model], ['server.documents', number(one.documents)], ['server.chunks', number(one.chunks)],
                ['server.vectors', number(one.vectors)], ['server.bytes', bytes(one.bytes)], ['server.upload_max', server.upload_max && bytes(server.upload_max)],
                ['server.formats', (await formatTitles()).join(' · ')]];
  fill(root, rows.filter(([, value]) => value).map(([key, value]) => [h('dt', {}, t(key)), h('dd', {}, value)]));
}

export function render(root) {
  const service = h('div', {});
  const facts = h('dl', {class: 'facts', test: 'server-facts'});
  fill(root, notices(), facts, service, h('p', {}, h('a', {href: '/docs'}, t('keys_api.docs'))));
  figures(facts);
  if (mayAdminister()) provider(service);
}
