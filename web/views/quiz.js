// quiz.js - a quiz to answer; afterwards each answer is graded, with the passage beside it.
import {h, fill, cleanup} from '../dom.js';
import {t, percentText} from '../texts.js';
import {get, post} from '../api.js';
import {top} from '../parts/top.js';
import {problem, problemIn} from '../parts/problem.js';
import {announce} from '../parts/live.js';
import {quoteBox} from '../parts/cited.js';
import {open as openReader, sourceOf} from '../parts/reader.js';

const gradeOf = (one) => (one.is_right ? 'right' : one.score > 0 ? 'part' : 'wrong');
const verdictText = (one) => t(one.how === 'empty' ? 'quiz.left_out' : `quiz.${gradeOf(one)}`);

function verdict(one) {
  const {source} = one;
  return h('div', {class: 'verdict', test: 'verdict', data: {grade: gradeOf(one)}}, h('b', {}, verdictText(one)), !one.is_right && h('span', {}, t('quiz.is', {answer: one.answer})), one.explanation && h('span', {}, one.explanation),
    source && source.quote && !source.document && quoteBox(source.quote),
    source && source.document && h('button', {type: 'button', class: 'small', onclick: () => openReader(sourceOf(source)), test: 'quiz-source'}, t('quiz.source')));
}

function question(one, at) {
  const name = `q${at}`;
  const label = `${at + 1}. ${one.question}`;
  const control = one.kind === 'choice'
    ? one.options.map((option) => h('label', {class: 'option'}, h('input', {type: 'radio', name, value: option, test: 'option'}), h('span', {}, option)))
    : h('input', {name, autocomplete: 'off', maxlength: 1000, 'aria-label': `${t('quiz.question', {number: at + 1})}: ${t('quiz.answer')}`, placeholder: t('quiz.answer'), test: 'short'});
  return h('fieldset', {test: 'question', data: {kind: one.kind}}, h('legend', {}, label), control);
}

export function render(root, {id}) {
  const undo = cleanup();
  const head = top(t('quiz.title'), h('a', {class: 'button small', href: '/study'}, t('review.back')));
  const body = h('div', {class: 'scroll pad'});
  fill(root, head.element, body);

  function result(form, button, attempt) {
    form.querySelectorAll('input').forEach((input) => { input.disabled = true; });
    form.querySelectorAll('fieldset').forEach((set, at) => set.append(verdict(attempt.answers[at])));
    const text = t('quiz.score', {percent: percentText(Math.round(100 * attempt.score))});
    button.replaceWith(h('div', {class: 'row'}, h('b', {test: 'quiz-score'}, text), h('button', {type: 'button', onclick: load, test: 'quiz-again'}, t('quiz.again'))));
    body.scrollTop = 0;
    announce(text);
    const first = attempt.answers.find((one) => !one.is_right && one.source && one.source.document);
    if (first) openReader(sourceOf(first.source));
  }

  function paint(quiz) {
    head.heading.textContent = quiz.title;
    const button = h('button', {class: 'primary', type: 'submit', test: 'quiz-submit'}, t('quiz.submit'));
    const form = h('form', {class: 'quiz', novalidate: true, test: 'quiz'}, quiz.questions.map(question), h('div', {}, button));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (button.getAttribute('aria-busy') === 'true') return;
      button.setAttribute('aria-busy', 'true');
      const answers = quiz.questions.map((one, at) => new FormData(form).get(`q${at}`) || '');
      try {
        result(form, button, await post(`/v1/study/quizzes/${quiz.id}/attempts`, {answers}));
      } catch (error) {
        problemIn(form, error);
      } finally {
        button.removeAttribute('aria-busy');
      }
    });
    fill(body, form);
  }

  async function load() {
    try {
      paint(await get(`/v1/study/quizzes/${encodeURIComponent(id)}`));
    } catch (error) {
      fill(body, problem(error, load));
    }
  }

  load();
  return {cleanup: undo, title: t('quiz.title'), focus: head.heading};
}
