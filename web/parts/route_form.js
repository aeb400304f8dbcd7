// route_form.js - the dialog that adds a route or changes one.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, put} from '../api.js';
import {numberFrom, setOnly, timeFields, timesFrom, wrong} from './amounts.js';
import {field, formDialog} from './forms.js';
import {asStep, stepsEditor} from './route_steps.js';
import {toolsEditor} from './route_tools.js';

export const pathOf = (name) => `/v1/gateway/routes/${encodeURIComponent(name)}`;

const STRATEGIES = ['ordered', 'weighted', 'cheapest', 'fastest', 'least_busy'];
const OTHERS = ['fallback', 'larger', 'cheaper'];
const HEDGE_MOST_S = 600;

async function names() {
  const [models, routes] = await Promise.all(['models', 'routes'].map((what) => get(`/v1/gateway/${what}`).catch(() => ({items: []}))));
  return h('datalist', {id: 'gateway-names'}, [...routes.items, ...models.items].slice(0, 1000).map(({name}) => h('option', {value: name})));
}

function moreFields({retries = -1, hedge_ms: hedge, times}) {
  return h('details', {class: 'fold', open: retries >= 0 || Boolean(hedge || times), test: 'route-more'}, h('summary', {}, t('gateway.more')),
    field({name: 'retries', label: t('gateway.retries'), value: retries >= 0 ? retries : '', hint: t('gateway.retries_hint'), inputmode: 'numeric', autocomplete: 'off'}),
    field({name: 'hedge', label: t('gateway.hedge'), value: hedge ? hedge / 1000 : '', hint: t('gateway.hedge_hint'), inputmode: 'decimal', autocomplete: 'off'}),
    h('p', {class: 'status'}, t('gateway.times_lead')), timeFields(times));
}

function retriesFrom({retries}) {
  const said = retries.trim();
  if (said && !/^(\d|10)$/.test(said)) throw wrong('retries', 'gateway.retries_wrong');
  return said ? Number(said) : undefined;
}

// one: the route that is changed; null for a new one. again(): shows what was saved; the dialog stays until then.
export async function askRoute(one, again) {
  const now = one ? one.document : {steps: []};
  const editor = stepsEditor(now.steps.map(asStep));
  const [known, tools] = await Promise.all([names(), toolsEditor(now.tools)]);
  formDialog({
    title: t(one ? 'gateway.route_change' : 'gateway.route_add'), test: 'route', submit: t('do.save'), roomy: true,
    fields: [known, field({name: 'name', label: t('gateway.route_name'), value: one ? one.name : '', hint: t('gateway.route_name_hint'), readonly: Boolean(one), autocomplete: 'off', maxlength: 100}),
      field({name: 'strategy', label: t('gateway.strategy'), options: STRATEGIES.map((word) => [word, t(`gateway.strategy_${word}`)]), value: now.strategy || 'ordered'}), editor.element,
      OTHERS.map((name) => field({name, label: t(`gateway.${name}`), value: now[name] || '', hint: t(`gateway.${name}_hint`), list: 'gateway-names', autocomplete: 'off'})), tools.element, moreFields(now)],
    send: async (values) => {
      const others = Object.fromEntries(OTHERS.map((name) => [name, values[name].trim() || undefined]));
      const hedge = Math.round(1000 * numberFrom(values, 'hedge', HEDGE_MOST_S, false, 'gateway.hedge_wrong'));
      await put(pathOf(values.name), {...now, ...others, strategy: values.strategy, steps: editor.read(values), tools: tools.read(), retries: retriesFrom(values), hedge_ms: hedge || undefined, times: setOnly(timesFrom(values))});
      await again();
    },
  });
}
