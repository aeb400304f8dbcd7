// gateway_routes.js - routes: a name that clients ask for, the models behind it in their order; and a dry run.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {get, put, post, remove} from '../api.js';
import {mayAdminister} from '../state.js';
import {field, form, formDialog} from './forms.js';
import {sides, hasSides} from './route_sides.js';
import {problem, problemIn} from './problem.js';
import {toast} from './toast.js';

const STRATEGIES = ['ordered', 'weighted', 'cheapest', 'fastest', 'least_busy'];
const pathOf = (name) => `/v1/gateway/routes/${encodeURIComponent(name)}`;
const asStep = (step) => (typeof step === 'string' ? {model: step} : step);

async function names() {
  const {items} = await get('/v1/gateway/models').catch(() => ({items: []}));
  return h('datalist', {id: 'gateway-names'}, items.slice(0, 1000).map(({name}) => h('option', {value: name})));
}

// The steps of a route, to be put in order by hand.
function stepsEditor(steps) {
  const list = h('ol', {class: 'way', test: 'steps'});
  const add = (step) => {
    const model = h('input', {value: step.model || '', list: 'gateway-names', placeholder: t('gateway.step_example'), 'aria-label': t('gateway.step'), test: 'step-model', autocomplete: 'off'});
    const weight = h('input', {type: 'number', min: 1, max: 1000000, value: step.weight || 1, 'aria-label': t('gateway.weight'), title: t('gateway.weight'), test: 'step-weight'});
    const item = h('li', {class: 'row'}, model, weight,
      h('button', {type: 'button', class: 'small', onclick: () => item.previousElementSibling && item.previousElementSibling.before(item), test: 'step-up', 'aria-label': t('gateway.step_up')}, '↑'),
      h('button', {type: 'button', class: 'small', onclick: () => item.remove(), test: 'step-remove', 'aria-label': t('do.remove')}, '×'));
    item.read = () => ({...step, model: model.value.trim(), weight: Number(weight.value) || 1});
    list.append(item);
  };
  steps.forEach(add);
  if (!steps.length) add({});
  const more = h('button', {type: 'button', class: 'small', onclick: () => add({}), test: 'step-add'}, t('gateway.step_add'));
  return {element: h('div', {class: 'field'}, h('b', {}, t('gateway.steps')), list, more), read: () => [...list.children].map((item) => item.read()).filter(({model}) => model)};
}

async function ask(one, again) {
  const now = one ? one.document : {steps: []};
  const editor = stepsEditor(now.steps.map(asStep));
  const known = await names();
  formDialog({
    title: t(one ? 'gateway.route_change' : 'gateway.route_add'), test: 'route', submit: t('do.save'),
    fields: [known, field({name: 'name', label: t('gateway.route_name'), value: one ? one.name : '', hint: t('gateway.route_name_hint'), readonly: Boolean(one), autocomplete: 'off', maxlength: 100}),
      field({name: 'strategy', label: t('gateway.strategy'), options: STRATEGIES.map((word) => [word, t(`gateway.strategy_${word}`)]), value: now.strategy || 'ordered'}), editor.element,
      field({name: 'fallback', label: t('gateway.fallback'), value: now.fallback || '', hint: t('gateway.fallback_hint'), list: 'gateway-names', autocomplete: 'off'})],
    send: async ({name, strategy, fallback}) => {
      const body = {...now, strategy, steps: editor.read()};
      if (fallback.trim()) body.fallback = fallback.trim();
      else delete body.fallback;
      await put(pathOf(name), body);
      again();
    },
  });
}

function row(one, again) {
  const {strategy = 'ordered', steps, fallback} = one.document;
  const isWeighted = strategy === 'weighted';
  const shown = steps.map(asStep).map(({model, weight = 1, when}) => h('li', {}, model, isWeighted && h('small', {}, ` ×${weight}`), when && when.share && h('small', {}, ' ', t('gateway.share', {percent: when.share}))));
  const drop = () => toast(t('gateway.removed', {name: one.name}), {
    undo: again, commit: () => remove(pathOf(one.name), null, {keepalive: true}).then(again, (error) => toast(error.message)),
  });
  const isOwn = one.from === 'workspace' && mayAdminister();
  return h('li', {class: 'line', data: {name: one.name}, test: 'route-row'}, h('div', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, t(`gateway.strategy_${strategy}`)),
    h('ol', {class: 'way'}, shown), fallback && h('small', {}, t('gateway.then', {name: fallback})), one.problems.map((text) => h('small', {class: 'bad'}, text)), hasSides(one.document) && mayAdminister() && sides(one.name)),
  isOwn ? [h('button', {class: 'small', onclick: () => ask(one, again), test: 'route-change'}, t('gateway.edit')), h('button', {class: 'small', onclick: drop, test: 'route-remove'}, t('do.remove'))]
    : h('span', {class: 'chip'}, t(`gateway.from_${one.from}`)));
}

export async function render(root) {
  const again = () => render(root);
  try {
    const {items} = await get('/v1/gateway/routes');
    fill(root, h('h2', {}, t('gateway.routes')), h('p', {class: 'lead'}, t('gateway.routes_lead')),
      items.length > 0 && h('ul', {class: 'lines'}, items.map((one) => row(one, again))),
      mayAdminister() && h('button', {class: 'small', test: 'route-add', onclick: () => ask(null, again)}, t('gateway.route_add')));
  } catch (error) {
    fill(root, problem(error, again));
  }
}

// Which targets a call would be sent to, in their order, and why the others not.
export function renderDry(root) {
  const result = h('div', {role: 'status', test: 'dry-result'});
  fill(root, h('h2', {}, t('gateway.dry')), form({
    test: 'dry', submit: t('gateway.dry_run'),
    fields: h('div', {class: 'row fields'}, field({name: 'model', label: t('gateway.dry_model'), required: true, autocomplete: 'off'}), field({name: 'input', label: t('gateway.dry_input'), type: 'number', min: 0, value: 1000}),
      field({name: 'output', label: t('gateway.dry_output'), type: 'number', min: 0, value: 500})),
    send: async ({model, input, output}, element) => {
      try {
        const {targets, passed_over: others} = await post('/v1/gateway/check', {model, input_tokens: Number(input) || 0, output_tokens: Number(output) || 0});
        fill(result, h('ol', {class: 'way'}, targets.map((one) => h('li', {}, h('b', {}, `${one.service}/${one.model}`), ' ',
          h('small', {}, [one.cost_at_most ? t('gateway.at_most', {cost: one.cost_at_most}) : t('gateway.no_price'), one.breaker && one.breaker !== 'closed' ? t('gateway.not_now') : ''].filter(Boolean).join(' · '))))),
        others.map((one) => h('p', {class: 'status'}, `${one.service}/${one.model}: ${one.why}`)));
      } catch (error) {
        fill(result);
        problemIn(element, error);
      }
    },
  }), result);
}
