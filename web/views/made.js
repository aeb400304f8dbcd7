// made.js - what was made to learn from: each item with its source; cards and questions that are chosen are kept, sections that were read are ticked.
import {h, fill, say, cleanup} from '../dom.js';
import {t, number} from '../texts.js';
import {get, post, put} from '../api.js';
import {go} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {form, field} from '../parts/forms.js';
import {side} from '../parts/cards.js';
import {open as openReader, sourceOf} from '../parts/reader.js';

const POLL_MS = 1000;
const isOurs = (made) => made.made_by === 'rules' || made.made_by === 'encoder';

// A text that was given has no document to open; its words are shown all the same.
function sourceButton({source}) {
  if (!source.document.id) return h('blockquote', {class: 'made-quote'}, source.quote);
  return h('button', {type: 'button', class: 'small', title: source.place, onclick: () => openReader(sourceOf(source)), test: 'made-source'}, t('made.source_of'));
}

const level = (one) => h('span', {class: 'chip'}, t(`made.difficulty_${one.difficulty}`));

function choice(number_, label) {
  return h('label', {class: 'made-choice'}, h('input', {type: 'checkbox', checked: true, data: {at: number_}, test: 'made-choose'}), h('span', {}, label));
}

function question(one, at) {
  return h('li', {class: 'made-item', test: 'made-item'}, choice(at, one.question), one.options.length > 0 && h('ul', {class: 'made-options'}, one.options.map((option) => h('li', {data: {right: option === one.answer ? 'yes' : 'no'}}, option))),
    !one.options.length && h('p', {class: 'lead'}, t('made.answer', {answer: one.answer})), h('div', {class: 'row'}, level(one), sourceButton(one)));
}

function card(one, at) {
  return h('li', {class: 'made-item', test: 'made-item'}, choice(at, side(one.front, {isShown: true})), h('p', {class: 'lead'}, one.back), h('div', {class: 'row'}, level(one), sourceButton(one)));
}

function sentence(one, at, all) {
  const heading = one.heading && (!at || all[at - 1].heading !== one.heading);
  return [heading && h('h2', {}, one.heading), h('p', {class: 'made-sentence', test: 'made-item'}, one.text, ' ',
    h('button', {type: 'button', class: 'cite', 'aria-label': t('made.source_of'), onclick: () => one.source.document.id && openReader(sourceOf(one.source)), test: 'made-source'}, at + 1))];
}

function example(one) {
  return h('li', {class: 'made-item', test: 'made-item'}, h('b', {}, one.title), h('p', {class: 'lead'}, one.text), h('div', {class: 'row'}, sourceButton(one)));
}

function task(one) {
  return h('li', {class: 'made-item', test: 'made-item'}, h('b', {}, one.task), one.hint && h('details', {}, h('summary', {}, t('made.hint')), h('p', {class: 'lead'}, one.hint)),
    h('details', {}, h('summary', {test: 'made-solution'}, t('made.solution')), h('p', {class: 'lead made-lines'}, one.solution)), h('div', {class: 'row'}, level(one), sourceButton(one)));
}

// A path: what was read is ticked, and kept.
function outline(made) {
  const read = new Set(made.read);
  const bar = h('progress', {max: made.items.length, value: read.size, 'aria-label': t('made.read')});
  const told = h('span', {class: 'lead', test: 'made-read'});
  const paint = () => { bar.value = read.size; say(told, t('made.read_of', {done: number(read.size), total: number(made.items.length)})); };
  const toggle = async (event, one) => {
    if (event.target.checked) read.add(one.number);
    else read.delete(one.number);
    paint();
    try {
      await put(`/v1/study/made/${made.id}/read`, {read: [...read].sort((a, b) => a - b)});
    } catch (error) {
      toast(error.message);
    }
  };
  const row = (one) => h('li', {class: 'made-section', data: {level: Math.min(one.level, 4)}, test: 'made-item'},
    h('label', {class: 'made-choice'}, h('input', {type: 'checkbox', checked: read.has(one.number), onchange: (event) => toggle(event, one), test: 'made-done'}),
      h('span', {}, h('b', {}, `${one.number}. ${one.title}`), one.about && h('small', {}, one.about))),
    h('div', {class: 'row'}, h('small', {}, [t('made.minutes', {count: number(one.minutes)}), one.after.length > 0 && t('made.after', {numbers: one.after.join(', ')})].filter(Boolean).join(' · ')), sourceButton(one)));
  paint();
  const {cards} = made;
  const due = cards && h('a', {class: 'button small', href: '/study/review', test: 'made-due'}, t('made.cards', {cards: number(cards.cards), due: number(cards.due)}));
  return [h('div', {class: 'row made-progress'}, bar, told, due), h('ol', {class: 'made-list'}, made.items.map(row))];
}

// Of the source's members the server keeps what a citation has.
const chosen = (list, made) => [...list.querySelectorAll('[data-at]')].filter((box) => box.checked).map((box) => made.items[Number(box.dataset.at)]);

async function keepCards(made, list, name) {
  const {items: decks} = await get('/v1/study/decks');
  const deck = decks.find((one) => one.name.toLowerCase() === name.toLowerCase()) || await post('/v1/study/decks', {name});
  const cards = chosen(list, made).map(({front, back, source}) => ({front, back, source, made_by: made.made_by, ...(source.document.id && {document: source.document.id})}));
  const {items} = await post('/v1/study/cards', {deck: deck.id, cards});
  toast(t('made.kept_cards', {count: items.length}));
  go('/study');
}

async function keepQuiz(made, list, title) {
  const quiz = await post('/v1/study/quizzes', {title, questions: chosen(list, made), made_by: made.made_by, ...(made.document && {document: made.document})});
  go(`/study/quizzes/${quiz.id}`);
}

function keeping(made) {
  const isQuiz = made.kind === 'quiz';
  const list = h('ol', {class: 'made-list'}, made.items.map(isQuiz ? question : card));
  const element = form({
    test: 'made-keep', submit: t('made.keep'),
    fields: [field({name: 'name', label: t(isQuiz ? 'made.quiz_name' : 'made.deck'), value: made.title.slice(0, 190), required: true, maxlength: 190, autocomplete: 'off'})],
    send: ({name}) => (isQuiz ? keepQuiz : keepCards)(made, list, name.trim()),
  });
  const button = element.querySelector('button[type=submit]');
  const paint = () => {
    const count = chosen(list, made).length;
    button.disabled = count === 0;
    say(button, t(isQuiz ? 'made.keep_quiz' : 'made.keep_cards', {count}));
  };
  list.addEventListener('change', paint);
  paint();
  return [list, element];
}

function content(made) {
  if (made.kind === 'quiz' || made.kind === 'flashcards') return keeping(made);
  if (made.kind === 'outline') return outline(made);
  if (made.kind === 'explanation' || made.kind === 'summary') return h('article', {class: 'made-text'}, made.items.map(sentence));
  return h('ol', {class: 'made-list'}, made.items.map(made.kind === 'practice' ? task : example));
}

export function render(root, {id}) {
  const undo = cleanup();
  const head = top(t('made.list'), h('a', {class: 'button small', href: '/study'}, t('review.back')));
  const body = h('div', {class: 'scroll pad study made'});
  let timer = 0;
  fill(root, head.element, body);
  undo.add(() => clearTimeout(timer));

  function paint(made) {
    head.heading.textContent = made.title || t(`made.kind_${made.kind}`);
    if (made.state !== 'done') {
      fill(body, h('p', {class: 'lead', role: 'status', test: 'made-waiting'}, made.error || t('made.waiting', {stage: made.stage || ''})));
      if (made.state === 'waiting' || made.state === 'running') timer = setTimeout(load, POLL_MS);
      return;
    }
    fill(body, h('p', {class: 'lead', test: 'made-by'}, [t(`made.kind_${made.kind}`), isOurs(made) ? t('made.by_rules') : t('made.by_model', {model: made.made_by})].join(' · ')),
      made.notice && h('p', {class: 'lead made-notice'}, made.notice), content(made));
  }

  async function load() {
    try {
      paint(await get(`/v1/study/made/${encodeURIComponent(id)}`));
    } catch (error) {
      fill(body, problem(error, load));
    }
  }

  load();
  return {cleanup: undo, title: t('made.list'), focus: head.heading};
}
