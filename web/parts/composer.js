// composer.js - where a question is written: Enter asks, Shift+Enter makes a line, "/" in an empty one opens the palette.
import {h, focusGently, isNarrow} from '../dom.js';
import {t} from '../texts.js';
import {state, emit} from '../state.js';
import {answersBy} from './notices.js';
import {personaPicker} from './personas.js';
import {microphone} from './voice.js';
import {toast} from './toast.js';

const COLLECTION = 'lectern-ask-collection';

// chosen(persona or null) hears who is to answer.
export function composer({ask, stop, chosen = () => {}}) {
  const persona = personaPicker(chosen);
  const input = h('textarea', {rows: 1, name: 'question', 'aria-label': t('ask.label'), placeholder: t(isNarrow() ? 'ask.placeholder_narrow' : 'ask.placeholder'), maxlength: 8000,
                               data: {slash: 'yes'}, test: 'ask-input'});
  const where = h('select', {class: 'chip', 'aria-label': t('ask.where'), test: 'ask-collection'}, h('option', {value: ''}, t('ask.everywhere')),
    state.collections.map((one) => h('option', {value: one.id}, one.name)));
  where.value = sessionStorage.getItem(COLLECTION) || '';
  if (where.selectedIndex < 0) where.value = '';
  where.addEventListener('change', () => sessionStorage.setItem(COLLECTION, where.value));
  let sound = null;  // of the words that stand there, until they are sent or taken away
  const voice = microphone({path: '/v1/voice', text: t('voice.note'), test: 'voice-note', heard: (note) => {
    if (!note.text) return toast(note.notice || t('voice.nothing'));
    input.value = [input.value.trim(), note.text].filter(Boolean).join(' ');
    sound = note.sound;
    size();
    input.focus();
    return undefined;
  }});
  const button = h('button', {class: 'primary', type: 'submit', test: 'ask-send'}, t('ask.submit'));
  const form = h('form', {class: 'composer', test: 'ask-form'}, input,
    h('div', {class: 'row'}, where, persona.element, h('span', {class: 'chip quiet by', title: t('ask.by')}, answersBy()), h('span', {class: 'hint wide-only'}, t('ask.hint')),
      h('span', {class: 'gap'}), voice.element, button));

  function size() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(200, input.scrollHeight)}px`;
  }
  function send(event) {
    if (event) event.preventDefault();
    if (form.dataset.busy) return stop();
    const question = input.value.trim();
    if (!question) return input.focus();
    input.value = '';
    size();
    ask(question, where.value ? [where.value] : null, {...(persona.value() && {persona: persona.value()}), ...(sound && {sound})});
    sound = null;
  }
  form.addEventListener('submit', send);
  input.addEventListener('input', () => {
    if (!input.value.trim()) sound = null;
    size();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
    else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && !input.value) {
      // An empty field has no lines to move in: the arrows walk the sources.
      emit('walk-sources', event.key === 'ArrowDown' ? 1 : -1);
      event.preventDefault();
    } else if (event.key === '/' && !input.value) {
      event.preventDefault();
      emit('palette');
    }
  });
  return {
    element: form,
    focus: () => focusGently(input),
    end: voice.end,
    persona: (id) => persona.choose(id),
    write: (text) => { input.value = text; size(); },
    busy(on_) {
      if (on_) form.dataset.busy = 'yes';
      else delete form.dataset.busy;
      button.textContent = t(on_ ? 'ask.stop' : 'ask.submit');
      button.dataset.test = on_ ? 'ask-stop' : 'ask-send';
    },
  };
}
