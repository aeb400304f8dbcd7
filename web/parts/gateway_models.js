// gateway_models.js - the models of all services: what they take, what they can, what they cost; prices may be told.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {get, put} from '../api.js';
import {mayAdminister} from '../state.js';
import {field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const MOST = 200;
const money = (price) => (price === null ? '–' : `$${price}`);

function ask(one, again) {
  formDialog({
    title: one.name, test: 'price', submit: t('do.save'),
    fields: [h('div', {class: 'row fields'}, ['input', 'output', 'cache_read'].map((name) =>
      field({name, label: t(`gateway.price_${name}`), value: one.prices[name] || '', inputmode: 'decimal', autocomplete: 'off'}))), h('p', {class: 'status'}, t('gateway.price_hint'))],
    send: async (values) => {
      const prices = {...(one.document && one.document.prices)};
      for (const [name, value] of Object.entries(values)) {
        if (value.trim()) prices[name] = value.trim();
        else delete prices[name];
      }
      await put('/v1/gateway/models', {...one.document, name: one.name, prices});
      toast(t('gateway.price_saved', {name: one.name}));
      await again();
    },
  });
}

function row(one, again) {
  const can = one.abilities.map((word) => t(`gateway.can_${word}`)).join(', ');
  const file = one.file ? t(`gateway.file_${one.file.state}`) : '';
  const about = [file, one.context ? t('models.tokens', {count: one.context, shown: number(one.context)}) : '', can].filter(Boolean).join(' · ');
  const price = t('gateway.price', {input: money(one.prices.input), output: money(one.prices.output)});
  return h('li', {class: 'line', data: {name: one.name}, test: 'model-line'}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, about), one.file && one.file.reason && h('small', {class: 'bad'}, one.file.reason)), h('span', {class: 'number'}, price),
    mayAdminister() && h('button', {class: 'small', onclick: () => ask(one, again), test: 'model-price'}, t('gateway.set_price')));
}

let asked = 0;

export async function render(root, again) {
  const turn = ++asked;
  const isOpen = Boolean(root.querySelector('details[open]'));
  const wanted = root.querySelector('input') ? root.querySelector('input').value : '';
  try {
    const {items} = await get('/v1/gateway/models');
    if (turn !== asked) return; // a later one knows more
    const list = h('ul', {class: 'lines'});
    const find = h('input', {type: 'search', value: wanted, placeholder: t('gateway.find_model'), 'aria-label': t('gateway.find_model'), test: 'find-model'});
    const paint = () => {
      const found = items.filter(({name}) => name.toLowerCase().includes(find.value.toLowerCase()));
      fill(list, found.slice(0, MOST).map((one) => row(one, again)), found.length > MOST && h('li', {class: 'status'}, t('gateway.more_models', {count: found.length - MOST, shown: number(found.length - MOST)})));
    };
    find.addEventListener('input', paint);
    paint();
    fill(root, items.length > 0 && h('details', {open: isOpen, test: 'models-known'}, h('summary', {}, h('h2', {}, t('gateway.models_title')), ' ', number(items.length)), find, list));
  } catch (error) {
    fill(root, problem(error, () => render(root, again)));
  }
}
