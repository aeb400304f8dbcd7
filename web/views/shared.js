// shared.js - a conversation that somebody of the workspace shares: to read, with its sources.
import {h, fill, cleanup} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {paintProse, sourceRows} from '../parts/answer.js';
import * as reader from '../parts/reader.js';

function answer(message) {
  const whole = {...(message.details || {}), ...message};
  const prose = h('div', {class: 'prose', test: 'answer-text'});
  const rows = sourceRows(whole);
  const element = h('article', {class: 'answer', test: 'answer'}, prose, rows.element);
  paintProse(prose, whole);
  element.addEventListener('click', (event) => {
    const pressed = event.target.closest('button.cite, .source');
    const index = pressed ? rows.sources.findIndex((one) => String(one.number) === pressed.dataset.number) : -1;
    if (index >= 0) reader.open(reader.sourceOf(rows.sources[index]), {index, count: rows.sources.length, step: () => {}});
  });
  return element;
}

export function render(root, params) {
  const undo = cleanup();
  const head = top(t('talk.shared_title'));
  const talk = h('div', {class: 'talk', test: 'talk'});
  fill(root, head.element, h('div', {class: 'scroll talk-scroll'}, talk));
  async function load() {
    try {
      const one = await get(`/v1/shared/${params.id}`);
      head.heading.textContent = one.title;
      fill(talk, h('p', {class: 'hint'}, t('talk.shared_by')), one.messages.filter((message) => message.role !== 'summary').map((message) =>
        message.role === 'user' ? h('div', {class: 'asked', test: 'question'}, message.text) : answer(message)));
    } catch (error) {
      fill(talk, problem(error, load));
    }
  }
  load();
  return {cleanup: undo, title: t('talk.shared_title')};
}
