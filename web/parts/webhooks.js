// webhooks.js - addresses of other programs that are told what people are told; their secret is shown once.
import {h, fill} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get, post, patch, remove} from '../api.js';
import {showDeliveries} from './deliveries.js';
import {field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const pathOf = (one) => `/v1/webhooks/${encodeURIComponent(one.id)}`;

function row(one, again) {
  const about = [one.kinds.length ? one.kinds.map((kind) => t(`told.kind_${kind}`)).join(', ') : t('hooks.all'), one.last_at ? t('hooks.last', {ago: ago(one.last_at), result: one.last_result || ''}) : t('hooks.never'), one.held_until && t('hooks.held', {date: fullDate(one.held_until)})].filter(Boolean);
  const drop = () => toast(t('hooks.removed'), {undo: again, commit: () => remove(pathOf(one), null, {keepalive: true}).then(again, (error) => toast(error.message))});
  const turn = () => patch(pathOf(one), {is_on: !one.is_on}).then(again, (error) => toast(error.message));
  return h('li', {class: 'line', test: 'hook-row'}, h('span', {class: 'line-name'}, h('b', {}, one.url), h('small', {}, about.join(' · '))),
    h('button', {class: 'small', onclick: () => showDeliveries(one, (kind) => t(`told.kind_${kind}`)), test: 'hook-log'}, t('hooks.log')), h('button', {class: 'small', onclick: turn, test: 'hook-switch'}, t(one.is_on ? 'gateway.off' : 'gateway.on')), h('button', {class: 'small', onclick: drop, test: 'hook-remove'}, t('do.remove')));
}

const shownOnce = (made) => h('div', {class: 'once', role: 'status', test: 'hook-once'}, h('p', {}, t('hooks.once')), h('input', {class: 'secret', readonly: true, value: made.secret, 'aria-label': t('hooks.secret'), test: 'hook-secret'}));

export async function render(root, kinds) {
  const list = h('ul', {class: 'lines', test: 'hook-rows'});
  const once = h('div', {});
  const load = async () => {
    try {
      fill(list, (await get('/v1/webhooks')).items.map((one) => row(one, load)));
    } catch (error) {
      fill(list, problem(error, load));
    }
  };
  fill(root, h('h2', {}, t('hooks.title')), h('p', {class: 'lead'}, t('hooks.lead')), list, once, form({
    test: 'hook', submit: t('hooks.add'),
    fields: [field({name: 'url', label: t('provider.address'), type: 'url', placeholder: 'https://example.org/told', required: true, autocomplete: 'off'}),
      field({name: 'kind', label: t('hooks.kinds'), options: [['', t('hooks.all')], ...kinds.map((kind) => [kind, t(`told.kind_${kind}`)])], value: ''})],
    send: async ({url, kind}, element) => {
      fill(once, shownOnce(await post('/v1/webhooks', {url, kinds: kind ? [kind] : []})));
      once.querySelector('input').select();
      element.reset();
      load();
    },
  }));
  load();
}
