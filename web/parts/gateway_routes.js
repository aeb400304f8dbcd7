// gateway_routes.js - routes: a name that clients ask for, the models behind it in their order; and a dry run.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {get, post, remove} from '../api.js';
import {mayAdminister} from '../state.js';
import {field, form} from './forms.js';
import {askRoute, pathOf} from './route_form.js';
import {asStep, conditionText} from './route_steps.js';
import {sides, hasSides} from './route_sides.js';
import {shownTools} from './route_tools.js';
import {problem, problemIn} from './problem.js';
import {toast} from './toast.js';


// What of a route goes beyond its steps, as words.
function beyond({fallback, larger, cheaper, hedge_ms: hedge, retries}) {
  return [fallback && t('gateway.then', {name: fallback}), larger && t('gateway.then_larger', {name: larger}), cheaper && t('gateway.then_cheaper', {name: cheaper}),
    hedge && t('gateway.then_hedge', {seconds: number(hedge / 1000)}), retries >= 0 && t('gateway.then_retries', {count: retries})].filter(Boolean).join(' · ');
}

function row(one, again) {
  const {strategy = 'ordered', steps} = one.document;
  const others = beyond(one.document);
  const isWeighted = strategy === 'weighted';
  const shown = steps.map(asStep).map(({model, weight = 1, when}) => h('li', {}, model, isWeighted && h('small', {}, ` ×${weight}`), when && h('small', {}, ' ', conditionText(when))));
  const drop = () => toast(t('gateway.removed', {name: one.name}), {
    undo: again, commit: () => remove(pathOf(one.name), null, {keepalive: true}).then(again, (error) => toast(error.message)),
  });
  const isOwn = one.from === 'workspace' && mayAdminister();
  return h('li', {class: 'line', data: {name: one.name}, test: 'route-row'}, h('div', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, t(`gateway.strategy_${strategy}`)),
    h('ol', {class: 'way'}, shown), others && h('small', {}, others), shownTools(one.document.tools), one.problems.map((text) => h('small', {class: 'bad'}, text)), hasSides(one.document) && mayAdminister() && sides(one.name)),
  isOwn ? [h('button', {class: 'small', onclick: () => askRoute(one, again), test: 'route-change'}, t('gateway.edit')), h('button', {class: 'small', onclick: drop, test: 'route-remove'}, t('do.remove'))]
    : h('span', {class: 'chip'}, t(`gateway.from_${one.from}`)));
}

export async function render(root) {
  const again = () => render(root);
  try {
    const {items} = await get('/v1/gateway/routes');
    fill(root, h('h2', {}, t('gateway.routes')), h('p', {class: 'lead'}, t('gateway.routes_lead')),
      items.length > 0 && h('ul', {class: 'lines'}, items.map((one) => row(one, again))),
      mayAdminister() && h('button', {class: 'small', test: 'route-add', onclick: () => askRoute(null, again)}, t('gateway.route_add')));
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
