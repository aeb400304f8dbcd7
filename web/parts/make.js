// make.js - the dialog that makes something to learn from: what, of which source, how much; then how far it is.
import {h, fill, say} from '../dom.js';
import {t} from '../texts.js';
import {get, stream, errorFrom} from '../api.js';
import {state} from '../state.js';
import {field, dialog, form} from './forms.js';
import {go} from '../router.js';

export const KINDS = ['quiz', 'flashcards', 'explanation', 'summary', 'outline', 'examples', 'practice'];
const LENGTHS = ['short', 'medium', 'long'];
const DIFFICULTIES = ['', 'easy', 'medium', 'hard'];
const TOPIC = 'topic';

const options = (names, prefix) => names.map((name) => [name, t(`${prefix}${name}`)]);

async function sources(document) {
  const {items} = document ? {items: [document]} : await get('/v1/documents', {limit: 100, state: 'ready'});
  return [...items.map((one) => [`document ${one.id}`, t('made.source_document', {name: one.name})]),
    ...(document ? [] : state.collections.map((one) => [`collection ${one.id}`, t('made.source_collection', {name: one.name})])), [TOPIC, t('made.source_topic')]];
}

function wishOf({kind, source, topic, length, difficulty}) {
  const [what, id] = source.split(' ');
  return {kind, length, ...(difficulty && {difficulty}), ...(source === TOPIC ? {topic} : {[what]: id})};
}

// Tells what is being done; the server stops when nobody listens any more.
async function run(values, stage, signal) {
  let made = null;
  let count = 0;
  await stream('/v1/study/make', wishOf(values), (name, data) => {
    if (name === 'progress') say(stage, t('made.stage', {stage: data.stage}));
    if (name === 'item') say(stage, t('made.so_far', {count: ++count}));
    if (name === 'error') throw errorFrom(500, data);
    if (name === 'done') made = data;
  }, signal);
  return made;
}

// document: {id, name} that it is made of; else it is chosen.
export async function makeDialog(document) {
  const from = await sources(document);
  const stage = h('p', {class: 'lead', role: 'status', test: 'make-stage'});
  const stopper = new AbortController();
  const topic = field({name: 'topic', label: t('made.topic'), maxlength: 500, autocomplete: 'off'});
  const source = field({name: 'source', label: t('made.source'), options: from, value: from[0][0]});
  const showTopic = () => { topic.hidden = source.querySelector('select').value !== TOPIC; };
  source.addEventListener('change', showTopic);
  showTopic();
  const close = dialog({
    title: t('made.title'), test: 'make', roomy: true, onclose: () => stopper.abort(),
    body: h('div', {}, form({
      submit: t('made.make'), test: 'make-form', cancel: () => close(),
      fields: [field({name: 'kind', label: t('made.kind'), options: options(KINDS, 'made.kind_'), value: 'quiz'}), source, topic,
        field({name: 'length', label: t('made.length'), options: options(LENGTHS, 'made.length_'), value: 'medium'}),
        field({name: 'difficulty', label: t('made.difficulty'), options: options(DIFFICULTIES, 'made.difficulty_'), value: ''})],
      send: async (values) => {
        try {
          const made = await run(values, stage, stopper.signal);
          close();
          if (made) go(`/study/made/${made.id}`);
        } catch (error) {
          fill(stage);
          if (error.name !== 'AbortError') throw error;
        }
      },
    }), stage),
  });
}
