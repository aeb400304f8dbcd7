// invite.js - an empty library is an invitation: where to drop, a sample to try, three questions to ask it.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {emit, mayWrite} from '../state.js';
import {formatTitles} from './filters.js';
import {go} from '../router.js';
import {icon} from './icons.js';
import {problem} from './problem.js';
import {pickFiles, pickFolder} from './drop.js';
import * as work from './work.js';

async function addSample(button) {
  button.setAttribute('aria-busy', 'true');
  try {
    const {documents} = await post('/v1/documents/sample');
    work.adoptAll(documents);
    emit('documents');
  } catch (error) {
    button.closest('.invite').append(problem(error, () => addSample(button)));
  } finally {
    button.removeAttribute('aria-busy');
  }
}

export const questions = () => ['invite.question_1', 'invite.question_2', 'invite.question_3'].map((key) =>
  h('button', {class: 'question', onclick: () => go(`/ask?q=${encodeURIComponent(t(key))}`), test: 'example-question'}, t(key)));

// Kinds, not the hundred endings they come with; the line is there before its words are.
function formatLine() {
  const line = h('small', {}, '\u00a0');
  formatTitles().then((titles) => { if (titles.length) line.textContent = t('invite.formats', {formats: titles.join(' · ')}); });
  return line;
}

export function invite() {
  const sample = h('button', {onclick: () => addSample(sample), test: 'add-sample'}, t('invite.sample'));
  return h('section', {class: 'invite', test: 'invite'},
    h('div', {class: 'invite-drop'}, icon('folder'), h('h2', {}, t('invite.title')), h('p', {}, t('invite.text')),
      mayWrite() && h('div', {class: 'row centre'}, h('button', {class: 'primary', onclick: pickFiles}, t('add.files')),
        h('button', {onclick: pickFolder}, t('add.folder')), sample),
      formatLine()),
    h('h3', {}, t('invite.ask')), h('div', {class: 'questions'}, questions()));
}
