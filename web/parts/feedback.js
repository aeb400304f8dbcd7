// feedback.js - thumbs with a reason: of an answer, kept with it; of a card, a task, a class, by its kind.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {icon} from './icons.js';
import {toast} from './toast.js';
import {announce} from './live.js';

const REASONS = {
  answer: ['wrong_source', 'incomplete', 'not_true', 'not_asked'],
  card: ['unclear', 'too_easy', 'not_true', 'wrong_source'],
  task: ['no_task', 'wrong_date', 'wrong_person', 'twice'],
  class: ['wrong_label', 'missing_label', 'unclear'],
};

// feedback(message) of an answer; feedback({kind, id, collection}) of anything else that can be rated.
export function feedback(message) {
  const rated = (value, reason) => (message.kind
    ? post('/v1/feedback', {kind: message.kind, item: message.id, rating: value, reason: reason || '', ...(message.collection && {collection: message.collection})}, {keepalive: true})
    : post(`/v1/messages/${message.id}/feedback`, reason ? {rating: value, reason} : {rating: value}, {keepalive: true}));
  let rating = (message.feedback && (message.feedback.rating ?? message.feedback)) || 0;
  const why = h('form', {class: 'why', hidden: true, test: 'feedback-why'});
  const buttons = {};
  let sending = null;  // one after the other: the last word is the one that stays

  async function send(value, reason) {
    rating = value;
    paint();
    try {
      await (sending && sending.catch(() => null));
      sending = rated(value, reason);
      await sending;
      announce(t('feedback.kept'));
      return true;
    } catch (error) {
      toast(error.message);
      return false;
    }
  }

  function paint() {
    buttons.good.setAttribute('aria-pressed', String(rating === 1));
    buttons.bad.setAttribute('aria-pressed', String(rating === -1));
  }

  function ask() {
    const input = h('input', {name: 'reason', maxlength: 1000, 'aria-label': t('feedback.why'), placeholder: t('feedback.why'), test: 'feedback-reason'});
    const done = async (reason) => {
      why.hidden = true;
      if (await send(rating, reason)) toast(t(message.kind ? 'feedback.kept' : 'feedback.thanks'));
    };
    fill(why, (REASONS[message.kind || 'answer'] || REASONS.answer).map((name) => h('button', {type: 'button', class: 'chip', onclick: () => done(t(`feedback.${name}`))}, t(`feedback.${name}`))),
      input, h('button', {class: 'small', test: 'feedback-send'}, t('feedback.send')));
    why.onsubmit = (event) => {
      event.preventDefault();
      done(input.value.trim());
    };
    why.hidden = false;
  }

  function press(value) {
    const next = rating === value ? 0 : value;
    send(next);
    if (next) ask();
    else why.hidden = true;
  }

  const [good, bad] = message.kind ? ['feedback.good_one', 'feedback.bad_one'] : ['feedback.good', 'feedback.bad'];
  buttons.good = h('button', {class: 'icon', 'aria-pressed': 'false', 'aria-label': t(good), title: t(good), onclick: () => press(1), test: 'thumb-up'}, icon('good'));
  buttons.bad = h('button', {class: 'icon', 'aria-pressed': 'false', 'aria-label': t(bad), title: t(bad), onclick: () => press(-1), test: 'thumb-down'}, icon('bad'));
  paint();
  return h('div', {class: 'feedback'}, buttons.good, buttons.bad, why);
}
