// study.js - decks with what is due, how it goes, quizzes, and what the learner is like.
import {h, fill, cleanup} from '../dom.js';
import {t, number, percentText} from '../texts.js';
import {get, post, put, remove} from '../api.js';
import {top} from '../parts/top.js';
import {field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {counts} from '../parts/cards.js';
import {makeDialog} from '../parts/make.js';

const LEVELS = ['', 'beginner', 'intermediate', 'advanced'];
const WORDS = ['learning_style', 'role', 'industry', 'persona', 'language', 'tone'];
const PLANS = [['retention', 'number', {min: 0.7, max: 0.99, step: 0.01, hint: true}], ['learning_steps', 'text', {}], ['relearning_steps', 'text', {}],
  ['new_a_day', 'number', {min: 0, max: 9999}], ['reviews_a_day', 'number', {min: 0, max: 9999}]];

async function profile() {
  const now = await get('/v1/study/profile');
  formDialog({
    title: t('study.profile'), submit: t('do.save'), test: 'study-profile', roomy: true,
    fields: [field({name: 'level', label: t('study.p_level'), options: [...new Set([...LEVELS, now.level])].map((one) => [one, one || '–']), value: now.level}),
      WORDS.map((name) => field({name, label: t(`study.p_${name}`), value: now[name], maxlength: 200, autocomplete: 'off'})),
      PLANS.map(([name, type, {hint, ...more}]) => field({name, type, label: t(`study.p_${name}`), value: now[name], hint: hint && t(`study.p_${name}_hint`), ...more}))],
    send: async (values) => {
      for (const name of ['retention', 'new_a_day', 'reviews_a_day']) values[name] = Number(values[name]);
      await put('/v1/study/profile', values);
      toast(t('study.profile_saved'));
    },
  });
}

// A day of the learner begins at midnight here.
async function tellZone() {
  const east_min = -new Date().getTimezoneOffset();
  const now = await get('/v1/study/profile');
  if (now.east_min !== east_min) await put('/v1/study/profile', {east_min});
}

function forecast(list) {
  const most = Math.max(1, ...list);
  const when = (day) => (day ? t('study.day_in', {count: day}) : t('study.day_today'));
  return h('ul', {class: 'forecast', 'aria-label': t('study.forecast'), test: 'forecast'}, list.map((count, day) => {
    const text = t('study.forecast_day', {when: when(day), count: number(count)});
    const bar = h('li', {title: text, 'aria-label': text, data: {none: count ? 'no' : 'yes'}});
    bar.style.height = `${Math.max(4, (100 * count) / most)}%`;
    return bar;
  }));
}

const figures = (now) => h('div', {class: 'study-figures', test: 'study-figures'}, h('span', {}, t('study.streak', {count: now.streak})),
  h('span', {}, now.retention === null ? t('study.retention_none') : t('study.retention', {percent: percentText(Math.round(100 * now.retention))})), now.forecast.some(Boolean) && forecast(now.forecast));

function deckDialog(one, saved) {
  formDialog({
    title: one ? t('study.edit') : t('study.deck_new'), submit: t('do.save'), test: 'deck-form',
    fields: [field({name: 'name', label: t('study.deck_name'), value: one ? one.name : '', required: true, maxlength: 200, autocomplete: 'off'}),
      field({name: 'description', label: t('study.deck_description'), value: one ? one.description : '', maxlength: 1000, autocomplete: 'off'})],
    send: async (values) => saved(await (one ? put(`/v1/study/decks/${one.id}`, values) : post('/v1/study/decks', values))),
  });
}

// What is pasted: one card a line, two columns of a spreadsheet.
function addDialog(one, added) {
  formDialog({
    title: t('study.add'), submit: t('study.add'), test: 'cards-form', roomy: true,
    fields: [field({name: 'cards', label: t('study.add_lines'), type: 'area', rows: 10, required: true})],
    send: async (values) => {
      const cards = values.cards.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
        const at = line.includes('\t') ? line.indexOf('\t') : line.indexOf(',');
        return {front: (at < 0 ? line : line.slice(0, at)).trim(), back: (at < 0 ? '' : line.slice(at + 1)).trim()};
      });
      const {items} = await post('/v1/study/cards', {deck: one.id, cards});
      toast(t('study.added', {count: items.length}));
      added();
    },
  });
}

// A package of Anki: its notes become cards of this deck.
function fromAnki(one, added) {
  const pick = h('input', {type: 'file', accept: '.apkg'});
  pick.addEventListener('change', async () => {
    const body = new FormData();
    body.append('file', pick.files[0]);
    try {
      const done = await post(`/v1/study/decks/${one.id}/anki`, body);
      toast(t('study.added', {count: done.added}));
      added();
    } catch (error) {
      toast(error.message);
    }
  });
  pick.click();
}

export function render(root, {query = {}} = {}) {
  const undo = cleanup();
  const review = h('span', {});
  const make = (document) => makeDialog(document).catch((error) => toast(error.message));
  const head = top(t('study.title'), review, h('button', {class: 'small', onclick: () => make(null), test: 'study-make'}, t('made.make')), h('button', {class: 'small', onclick: () => profile().catch((error) => toast(error.message)), test: 'study-profile-open'}, t('study.profile')));
  const how = h('div', {});
  const decks = h('ul', {class: 'lines', test: 'decks'});
  const known = h('section', {});
  const quizzes = h('section', {});
  const made = h('section', {});
  fill(root, head.element, h('div', {class: 'scroll pad study'}, how,
    h('div', {class: 'row'}, h('h2', {}, t('study.decks')), h('button', {class: 'small', onclick: () => deckDialog(null, load), test: 'deck-new'}, t('study.deck_new'))), decks, made, known, quizzes));

  function drop(one, path, text, row) {
    row.hidden = true;
    toast(t(text, {name: one.name || one.title}), {
      undo: () => { row.hidden = false; },
      commit: () => remove(path, null, {keepalive: true}).then(load, (error) => toast(error.message)),
    });
  }

  function deckRow(one) {
    const due = one.new + one.learning + one.review;
    const row = h('li', {class: 'line', test: 'deck', data: {id: one.id}}, h('a', {class: 'line-name', href: `/study/review?deck=${one.id}`}, h('b', {}, one.name), h('small', {}, t('study.cards', {count: one.cards}))),
      counts(one), due > 0 && h('a', {class: 'button small primary', href: `/study/review?deck=${one.id}`, test: 'deck-review'}, t('study.review')),
      h('button', {class: 'small', onclick: () => addDialog(one, load), test: 'deck-add'}, t('study.add')),
      h('details', {class: 'more'}, h('summary', {test: 'deck-more'}, t('study.more')), h('div', {class: 'row'},
        h('button', {class: 'small', onclick: () => deckDialog(one, load), test: 'deck-edit'}, t('study.edit')),
        h('a', {class: 'button small', href: `/v1/study/decks/${one.id}/export?format=apkg`, download: '', test: 'deck-anki'}, t('study.anki')),
        h('a', {class: 'button small', href: `/v1/study/decks/${one.id}/export?format=csv`, download: ''}, t('study.csv')),
        h('button', {class: 'small', onclick: () => fromAnki(one, load), test: 'deck-from-anki'}, t('study.from_anki')),
        h('button', {class: 'small', onclick: () => drop(one, `/v1/study/decks/${one.id}`, 'study.deck_removed', row), test: 'deck-remove'}, t('do.remove')))));
    return row;
  }

  function quizRow(one) {
    const facts = [t('quiz.questions', {count: one.question_count}), one.attempts > 0 && t('quiz.attempts', {count: one.attempts}), one.best !== null && t('quiz.best', {percent: percentText(Math.round(100 * one.best))})];
    const row = h('li', {class: 'line', test: 'quiz-row'}, h('a', {class: 'line-name', href: `/study/quizzes/${one.id}`}, h('b', {}, one.title), h('small', {}, facts.filter(Boolean).join(' · '))),
      h('button', {class: 'small', onclick: () => drop(one, `/v1/study/quizzes/${one.id}`, 'quiz.removed', row)}, t('do.remove')));
    return row;
  }

  const madeRow = (one) => {
    const facts = [t(`made.kind_${one.kind}`), one.state === 'done' ? t('made.items', {count: one.item_count}) : one.stage || one.state, one.kind === 'outline' && one.read.length > 0 && t('made.read_of', {done: number(one.read.length), total: number(one.item_count)})];
    const row = h('li', {class: 'line', test: 'made-row'}, h('a', {class: 'line-name', href: `/study/made/${one.id}`}, h('b', {}, one.title || t(`made.kind_${one.kind}`)), h('small', {}, facts.filter(Boolean).join(' · '))),
      h('button', {class: 'small', onclick: () => drop(one, `/v1/study/made/${one.id}`, 'made.removed', row)}, t('do.remove')));
    return row;
  };

  const knownRow = (one) => h('li', {class: 'line'}, h('a', {class: 'line-name', href: `/documents/${one.document}`}, h('b', {}, one.name), h('small', {}, t('study.known', {known: number(one.known), cards: number(one.cards)}))),
    h('progress', {max: one.cards, value: one.known, 'aria-label': t('study.known', {known: one.known, cards: one.cards})}));

  async function load() {
    try {
      const [{items}, due, now, progress, quiz, kept] = await Promise.all([get('/v1/study/decks'), get('/v1/study/due', {limit: 1}), get('/v1/study/statistics'), get('/v1/study/progress'), get('/v1/study/quizzes'), get('/v1/study/made', {limit: 20})]);
      const count = due.new + due.learning + due.review;
      fill(review, count > 0 ? h('a', {class: 'button small primary', href: '/study/review', test: 'review-all'}, t('study.review_all', {count})) : items.length > 0 && h('span', {class: 'chip'}, t('study.nothing_due')));
      fill(how, items.length > 0 && figures(now));
      fill(decks, items.length ? items.map(deckRow) : h('li', {class: 'nothing', test: 'study-empty'}, h('h2', {}, t('study.empty_title')), h('p', {}, t('study.empty'))));
      fill(known, progress.items.length > 0 && [h('h2', {}, t('study.progress')), h('ul', {class: 'lines'}, progress.items.map(knownRow))]);
      fill(made, h('h2', {}, t('made.list')), kept.items.length ? h('ul', {class: 'lines', test: 'made-list'}, kept.items.map(madeRow)) : h('p', {class: 'lead'}, t('made.none')));
      fill(quizzes, h('h2', {}, t('quiz.title')), quiz.items.length ? h('ul', {class: 'lines'}, quiz.items.map(quizRow)) : h('p', {class: 'lead'}, t('quiz.none')));
    } catch (error) {
      fill(decks, h('li', {}, problem(error, load)));
    }
  }

  tellZone().catch(() => null).then(load);
  if (query.make) get(`/v1/documents/${encodeURIComponent(query.make)}`).then(make, (error) => toast(error.message));
  return {cleanup: undo, title: t('study.title'), focus: head.heading};
}
