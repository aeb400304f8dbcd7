// bot_services.js - services that send bots into meetings: their keys, and the address that they tell what happens.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {get, patch, post, remove} from '../api.js';
import {check, field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

function ask(kinds, again) {
  const url = field({name: 'url', label: t('provider.address'), type: 'url', value: kinds[0].url, autocomplete: 'off'});
  const kind = field({name: 'kind', label: t('meet.service_kind'), value: kinds[0].kind, options: kinds.map((one) => [one.kind, `${one.title} (${one.links})`])});
  kind.querySelector('select').addEventListener('change', ({target}) => { url.querySelector('input').value = kinds.find((one) => one.kind === target.value).url; });
  formDialog({
    title: t('meet.service_add'), submit: t('do.save'), test: 'bot-service', roomy: true,
    fields: [kind, url, field({name: 'key', label: t('provider.key'), type: 'password', required: true, autocomplete: 'new-password'}),
      field({name: 'webhook_secret', label: t('meet.webhook_secret'), type: 'password', hint: t('meet.webhook_secret_hint'), autocomplete: 'new-password'}),
      check({name: 'keep', label: t('meet.keep_recordings'), hint: t('meet.keep_recordings_hint')})],
    send: async (values) => {
      await post('/v1/meeting-bot-services', {kind: values.kind, url: values.url, key: values.key, keep_recordings: values.keep, ...(values.webhook_secret && {webhook_secret: values.webhook_secret})});
      again();
    },
  });
}

export async function render(root) {
  const again = () => render(root);
  const drop = (one, row) => {
    row.hidden = true;
    toast(t('meet.service_removed', {name: one.title}), {undo: () => { row.hidden = false; }, commit: () => remove(`/v1/meeting-bot-services/${one.id}`, null, {keepalive: true}).then(again, (error) => toast(error.message))});
  };
  const rowOf = (one) => {
    const row = h('li', {class: 'line', test: 'bot-service-row'}, h('span', {class: 'line-name'}, h('b', {}, one.name || one.title), h('small', {}, one.url), h('small', {class: 'wraps'}, t('meet.webhook', {url: one.webhook_url || location.origin + one.webhook_path}))),
      h('label', {class: 'check'}, h('input', {type: 'checkbox', checked: one.keep_recordings, test: 'bot-service-keep', onchange: ({target}) => patch(`/v1/meeting-bot-services/${one.id}`, {keep_recordings: target.checked}).catch((error) => { toast(error.message); again(); })}), t('meet.keep_recordings')),
      h('button', {class: 'small', onclick: () => drop(one, row), test: 'bot-service-remove'}, t('do.remove')));
    return row;
  };
  try {
    const {items, kinds} = await get('/v1/meeting-bot-services');
    fill(root, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, t('meet.services')), h('button', {class: 'small', onclick: () => ask(kinds, again), test: 'bot-service-add'}, t('meet.service_add'))),
      items.length ? h('ul', {class: 'lines'}, items.map(rowOf)) : h('p', {class: 'status'}, t('meet.no_services')));
  } catch (error) {
    fill(root, problem(error, again));
  }
}
