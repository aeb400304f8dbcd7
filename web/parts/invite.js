// invite.js - an empty library is an invitation: where to drop, a sample to try, three questions to ask it.
import {h} from '../dom.js';
import {t, list} from '../texts.js';
import {get, post} from '../api.js';
import {emit, mayWrite, state} from '../state.js';
import {formatsByFamily, familyName} from './families.js';
import {go} from '../router.js';
import {icon} from './icons.js';
import {problem} from './problem.js';
import {pickFiles, pickFolder} from './drop.js';
import * as work from './work.js';

const SAMPLE = 'Lighthouse log.txt';
const MOST_WAIT_MS = 10000;

async function addSample(button) {
  button.setAttribute('aria-busy', 'true');
  try {
    const {documents} = await post('/v1/documents/sample');
    work.adoptAll(documents);
    state.hasSample = true;
    emit('documents');
    return documents;
  } catch (error) {
    button.closest('.invite').append(problem(error, () => addSample(button)));
    return null;
  } finally {
    button.removeAttribute('aria-busy');
  }
}

// The three questions are about the sample library: they are only shown where it is, or can be added by asking.
export async function readSample() {
  const page = await get('/v1/documents', {q: SAMPLE, limit: 1}).catch(() => null);
  state.hasSample = Boolean(page && page.items.length);
}

function searchable(documents) {
  const until = performance.now() + MOST_WAIT_MS;
  const all = () => documents.every((one) => work.list().some((item) => item.id === one.id && (item.searchable || work.ended(item))));
  return new Promise((done) => {
    const look = () => (all() || performance.now() > until ? done() : setTimeout(look, 50));
    look();
  });
}

async function askSample(button, question) {
  if (!state.hasSample) {
    const documents = await addSample(button);
    if (!documents) return;
    await searchable(documents);
  }
  if (button.isConnected) go(`/ask?q=${encodeURIComponent(question)}`);
}

export const questions = () => ['invite.question_1', 'invite.question_2', 'invite.question_3'].map((key) => {
  const button = h('button', {class: 'question', onclick: () => askSample(button, t(key)), test: 'example-question'}, t(key));
  return button;
});

// Kinds, not the hundred endings they come with; the line is there before its words are.
function formatLine() {
  const line = h('small', {}, '\u00a0');
  formatsByFamily().then((families) => {
    const count = families.reduce((sum, [, titles]) => sum + titles.length, 0);
    if (count) line.textContent = t('invite.formats', {count, families: list(families.map(([family]) => familyName(family).toLowerCase()))});
  });
  return line;
}

export function invite() {
  const sample = h('button', {onclick: () => addSample(sample), test: 'add-sample'}, t('invite.sample'));
  return h('section', {class: 'invite', test: 'invite'},
    h('div', {class: 'invite-drop'}, icon('folder'), h('h2', {}, t('invite.title')), h('p', {}, t('invite.text')),
      mayWrite() && h('div', {class: 'row centre'}, h('button', {class: 'primary', onclick: pickFiles}, t('add.files')),
        h('button', {onclick: pickFolder}, t('add.folder')), sample),
      formatLine()),
    mayWrite() && [h('h3', {}, t('invite.ask')), h('div', {class: 'questions'}, questions())]);
}
