// problem.js - an error as a sentence and the one thing to do about it.
import {h} from '../dom.js';
import {t} from '../texts.js';

const AGAIN = new Set(['network', 'rate_limited', 'internal', 'upstream', 'busy', 'timeout', 'io', 'cut']);

export function problem(error, retry) {
  const action = AGAIN.has(error.code) && retry
    ? h('button', {class: 'link', onclick: retry, test: 'retry'}, t('do.again'))
    : error.code === 'not_found' && h('a', {class: 'link', href: '/library'}, t('do.library'));
  return h('div', {class: 'problem', role: 'alert', test: 'problem'}, h('span', {}, error.message), ' ', action,
    error.code === 'internal' && error.requestId && h('small', {}, t('error.number', {id: error.requestId})));
}

// Shows an error at a form's field when the server named one, else above the button.
export function problemIn(form, error) {
  const field = error.field && form.elements[error.field];
  clearProblems(form);
  if (field && field.closest('.field')) {
    const id = `${field.id}-problem`;
    field.closest('.field').append(h('small', {class: 'wrong', id, role: 'alert', test: 'field-problem'}, error.message));
    const fold = field.closest('details');
    if (fold) fold.open = true;
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', [id, field.getAttribute('aria-describedby')].filter(Boolean).join(' '));
    field.focus();
    return;
  }
  form.querySelector('.actions').before(problem(error));
}

export function clearProblems(form) {
  form.querySelectorAll('.problem, .wrong').forEach((one) => one.remove());
  form.querySelectorAll('[aria-invalid]').forEach((one) => {
    one.removeAttribute('aria-invalid');
    const hint = (one.getAttribute('aria-describedby') || '').split(' ').filter((id) => !id.endsWith('-problem')).join(' ');
    if (hint) one.setAttribute('aria-describedby', hint);
    else one.removeAttribute('aria-describedby');
  });
}
