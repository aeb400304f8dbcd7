// forms.js - labelled fields, forms that send once, and the small dialogs made of them.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {problemIn, clearProblems} from './problem.js';

let count = 0;

// field({name, label, type, value, hint, required, autocomplete}) - a label, its control and a hint.
export function field({name, label, hint, options, type = 'text', ...rest}) {
  const id = `f${++count}`;
  const props = {id, name, 'aria-describedby': hint ? `${id}-hint` : null, test: `field-${name}`, ...rest};
  const control = options
    ? h('select', props, options.map(([value, text]) => h('option', {value, selected: value === rest.value}, text)))
    : type === 'area' ? h('textarea', {rows: 3, ...props}) : h('input', {type, ...props});
  return h('div', {class: 'field'}, h('label', {for: id}, label), control, hint && h('small', {id: `${id}-hint`}, hint));
}

// check({name, label, checked, hint}) - something to switch on, with its label beside it.
export function check({name, label, hint, ...rest}) {
  const id = `f${++count}`;
  return h('div', {class: 'field check'}, h('input', {type: 'checkbox', id, name, 'aria-describedby': hint ? `${id}-hint` : null, test: `field-${name}`, ...rest}),
    h('label', {for: id}, label), hint && h('small', {id: `${id}-hint`}, hint));
}

// Texts, and whether what can be switched on is.
export function valuesOf(form) {
  const values = {};
  for (const control of form.elements) if (control.name && !control.disabled) values[control.name] = control.type === 'checkbox' ? control.checked : control.value;
  return values;
}

// A form whose `send(values)` may throw ApiError; the button is busy meanwhile, and errors show where they belong.
export function form({fields, submit, send, test, cancel}) {
  const button = h('button', {class: 'primary', type: 'submit', test: `${test}-submit`}, submit);
  const element = h('form', {class: 'form', test, novalidate: true}, fields,
    h('div', {class: 'actions'}, cancel && h('button', {type: 'button', onclick: cancel}, t('do.cancel')), button));
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-busy') === 'true') return;
    clearProblems(element);
    button.setAttribute('aria-busy', 'true');
    try {
      await send(valuesOf(element), element);
    } catch (error) {
      problemIn(element, error);
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return element;
}

// A modal dialog that closes by Esc, by its veil, by a button where it has no form that can be cancelled, and by close(); focus
// goes back to where it was.
export function dialog({title, body, test, wide, roomy, onclose}) {
  const before = document.activeElement;
  const id = `d${++count}`;
  const element = h('dialog', {class: wide ? 'dialog wide' : roomy ? 'dialog roomy' : 'dialog', 'aria-labelledby': id, test},
    h('div', {class: 'dialog-in'}, h('h2', {id}, title), body));
  const close = () => element.close();
  element.addEventListener('click', (event) => { if (event.target === element) close(); });
  element.addEventListener('close', () => {
    element.remove();
    if (onclose) onclose();
    if (before && before.isConnected) before.focus({preventScroll: true});
  });
  if (!wide && !element.querySelector('form')) element.firstChild.append(h('div', {class: 'actions'}, h('button', {type: 'button', onclick: close, test: 'dialog-close'}, t('do.close'))));
  document.body.append(element);
  element.showModal();
  const first = element.querySelector('input:not([readonly]), textarea, select');
  if (first) first.focus();
  if (first && first.select && first.value) first.select();
  return close;
}

// A dialog around one form; closes when `send` succeeds. roomy: for forms with fields beside each other.
export function formDialog({title, fields, submit, send, test, roomy}) {
  const close = dialog({
    title, test, roomy,
    body: form({
      fields, submit, test: `${test}-form`,
      cancel: () => close(),
      send: async (values, element) => {
        await send(values, element);
        close();
      },
    }),
  });
  return close;
}
