// route_steps.js - the models of a route: put in order by hand, with their weight and the calls each is for; and those as words.
import {h} from '../dom.js';
import {t, number, list} from '../texts.js';
import {countFrom, setOnly, wrong} from './amounts.js';
import {check, field} from './forms.js';

const NEEDED = ['tools', 'json', 'images', 'audio', 'files'];  // what a call is seen to need; others are kept as they are
const SIDES = ['key', 'user', 'conversation'];
const can = (ability) => t(`gateway.can_${ability}`);

export const asStep = (step) => (typeof step === 'string' ? {model: step} : step);

// For which calls a step is, in a line.
export function conditionText({share, input_min: least, input_max: most, abilities = [], tag, persona}) {
  return [share && t('gateway.share', {percent: share}), least && t('gateway.is_from', {count: number(least)}), most && t('gateway.is_up_to', {count: number(most)}),
    abilities.length && t('gateway.is_needing', {abilities: list(abilities.map(can))}), tag && t('gateway.is_tagged', {tag}), persona && t('gateway.is_persona', {persona})].filter(Boolean).join(' · ');
}

// Names are unique in the form, so that a mistake shows at its own field.
function conditionFields(prefix, when) {
  const text = (name, props) => field({name: `${prefix}_${name}`, label: t(`gateway.when_${name}`), value: when[name] || '', autocomplete: 'off', test: `step-${name}`, ...props});
  return h('details', {class: 'fold', open: Object.keys(when).length > 0, test: 'step-when'}, h('summary', {}, t('gateway.when')), h('p', {class: 'status'}, t('gateway.when_lead')),
    h('div', {class: 'row fields'}, text('share', {inputmode: 'numeric', hint: t('gateway.when_share_hint')}),
      field({name: `${prefix}_share_by`, label: t('gateway.when_share_by'), options: SIDES.map((word) => [word, t(`gateway.by_${word}`)]), value: when.share_by || 'key', test: 'step-share_by'})),
    h('div', {class: 'row fields'}, text('input_min', {inputmode: 'numeric'}), text('input_max', {inputmode: 'numeric'})),
    h('div', {class: 'row fields'}, text('tag', {hint: t('gateway.when_tag_hint')}), text('persona', {hint: t('gateway.when_persona_hint')})),
    h('div', {class: 'checks', role: 'group', 'aria-label': t('gateway.when_abilities')}, h('b', {}, t('gateway.when_abilities')),
      NEEDED.map((word) => check({name: `${prefix}_${word}`, label: can(word), checked: (when.abilities || []).includes(word), test: `step-${word}`}))));
}

function conditionFrom(prefix, values, {abilities: before = []}) {
  const share = countFrom(values, `${prefix}_share`, 'gateway.share_wrong');
  if (share > 99) throw wrong(`${prefix}_share`, 'gateway.share_wrong');
  const abilities = [...NEEDED.filter((word) => values[`${prefix}_${word}`]), ...before.filter((word) => !NEEDED.includes(word))];
  return setOnly({
    share, share_by: share && values[`${prefix}_share_by`] !== 'key' && values[`${prefix}_share_by`], input_min: countFrom(values, `${prefix}_input_min`), input_max: countFrom(values, `${prefix}_input_max`),
    abilities: abilities.length && abilities, tag: values[`${prefix}_tag`].trim(), persona: values[`${prefix}_persona`].trim(),
  });
}

function stepItem(step, prefix) {
  const model = h('input', {name: `${prefix}_model`, value: step.model || '', list: 'gateway-names', placeholder: t('gateway.step_example'), 'aria-label': t('gateway.step'), test: 'step-model', autocomplete: 'off'});
  const weight = h('input', {name: `${prefix}_weight`, type: 'number', min: 1, max: 1000000, value: step.weight || 1, 'aria-label': t('gateway.weight'), title: t('gateway.weight'), test: 'step-weight'});
  const up = () => {
    if (!item.previousElementSibling) return;
    item.previousElementSibling.before(item);
    item.querySelector('[data-test=step-up]').focus();
  };
  const item = h('li', {}, h('div', {class: 'row'}, model, weight, h('button', {type: 'button', class: 'small', onclick: up, test: 'step-up', 'aria-label': t('gateway.step_up')}, '↑'),
    h('button', {type: 'button', class: 'small', onclick: () => item.remove(), test: 'step-remove', 'aria-label': t('do.remove')}, '×')), conditionFields(prefix, step.when || {}));
  item.read = (values) => ({model: model.value.trim(), weight: Number(weight.value) || 1, when: conditionFrom(prefix, values, step.when || {})});
  return item;
}

// {element, read(values)}: the values are those of the form that it stands in.
export function stepsEditor(steps) {
  let count = 0;
  const items = h('ol', {class: 'way', test: 'steps'});
  const add = (step) => items.append(stepItem(step, `step${++count}`));
  (steps.length ? steps : [{}]).forEach(add);
  const more = h('button', {type: 'button', class: 'small', onclick: () => { add({}); items.lastElementChild.querySelector('input').focus(); }, test: 'step-add'}, t('gateway.step_add'));
  return {element: h('div', {class: 'field'}, h('b', {}, t('gateway.steps')), items, more), read: (values) => [...items.children].map((item) => item.read(values)).filter(({model}) => model)};
}
