// meeting.js - one meeting: its bots and why they did what they did, and what came of it.
import {h, fill, cleanup} from '../dom.js';
import {t, clock, fullDate} from '../texts.js';
import {get} from '../api.js';
import {mayWrite} from '../state.js';
import {dialog} from '../parts/forms.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {botChip, callOff, reasonText, sendBot} from '../parts/meeting_bot.js';

export function render(root, {id}) {
  const undo = cleanup();
  const head = workHead('meetings', t('work.meetings'));
  const about = h('div', {class: 'work-card', test: 'meeting'}, h('div', {class: 'bone wide'}));
  const came = h('section', {class: 'stacked', test: 'meeting-results'});
  const bots = h('section', {class: 'stacked'});
  fill(root, head.element, h('div', {class: 'scroll pad work'}, about, came, bots));

  // Where its recording is, is told for a while.
  async function openRecording(bot) {
    try {
      const {url} = await get(`/v1/meeting-bots/${bot.id}/recording`);
      dialog({title: t('meet.recording'), test: 'recording', body: h('p', {}, h('a', {href: url, target: '_blank', rel: 'noopener noreferrer'}, t('meet.recording_open')))});
    } catch (error) {
      toast(error.message);
    }
  }

  function history(bot) {
    const list = h('ul', {class: 'lines'});
    const fold = h('details', {class: 'fold', test: 'bot-history'}, h('summary', {}, t('meet.heard')), list);
    fold.addEventListener('toggle', async () => {
      if (!fold.open) return;
      const one = await get(`/v1/meeting-bots/${bot.id}`).catch((error) => ({events: [], failed: error}));
      fill(list, one.failed && problem(one.failed), one.events.map((event) => h('li', {class: 'line', test: 'bot-event'}, h('span', {class: 'line-name'}, h('b', {}, event.service_state), h('small', {}, [fullDate(event.happened_at), event.reason].filter(Boolean).join(' · '))))));
    });
    return fold;
  }

  function botRow(bot) {
    const facts = [t('meet.bot_since', {date: fullDate(bot.state_since)}), bot.join_at && !bot.is_over && t('meet.bot_joins', {date: fullDate(bot.join_at)})].filter(Boolean).join(' · ');
    return h('li', {class: 'limited', test: 'bot-row'}, h('div', {class: 'row wrap'}, h('span', {class: 'grow'}, facts), botChip(bot),
      bot.recording ? h('a', {class: 'button small', href: `/documents/${bot.recording}`, test: 'bot-recording-kept'}, t('meet.recording')) : bot.state === 'ended' && h('button', {class: 'small', onclick: () => openRecording(bot), test: 'bot-recording'}, t('meet.recording')),
      mayWrite() && !bot.is_over && h('button', {class: 'small', onclick: () => callOff(bot).then(load), test: 'bot-leave'}, t('meet.call_off'))),
    reasonText(bot) && h('p', {class: bot.state === 'failed' ? 'problem' : bot.reason && bot.reason.outcome === 'left' ? 'status' : 'warning', test: 'bot-reason'}, reasonText(bot)), history(bot));
  }

  function paintCame(one) {
    const {minutes} = one;
    fill(came, one.document && h('p', {}, h('a', {href: `/documents/${one.document}`, test: 'meeting-document'}, t('meet.transcript'))),
      minutes && [minutes.notice && h('p', {class: 'warning'}, minutes.notice), minutes.summary && [h('h2', {}, t('meet.summary')), h('p', {class: 'approval-text'}, minutes.summary.text)],
        minutes.decisions.length > 0 && [h('h2', {}, t('meet.decisions')), h('ul', {class: 'findings'}, minutes.decisions.map((each) => h('li', {}, each.text, each.speaker && h('small', {}, ` ${each.speaker}`), each.start_ms !== undefined && h('small', {}, ` ${clock(each.start_ms / 1000)}`))))],
        minutes.tasks.length > 0 && h('p', {}, h('a', {href: '/tasks', test: 'meeting-tasks'}, t('meet.tasks', {count: minutes.tasks.length})))]);
  }

  function paint(one) {
    const open = one.bots.find((bot) => !bot.is_over);
    const people = (one.attendees || []).map(({name, email}) => name || email).filter(Boolean);
    fill(about, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, one.title), one.state === 'cancelled' && h('span', {class: 'chip', data: {tone: 'bad'}}, t('meet.cancelled')),
      mayWrite() && one.link && !open && h('button', {class: 'small primary', onclick: () => sendBot(one, one.bots.length > 0).then(load), test: 'bot-send'}, t('meet.send'))),
    h('p', {class: 'status'}, `${fullDate(one.starts_at)} – ${fullDate(one.ends_at)}`), people.length > 0 && h('p', {}, people.join(', ')), one.description && h('p', {class: 'approval-text'}, one.description),
    h('p', {}, one.link ? h('a', {href: one.link.url, target: '_blank', rel: 'noopener noreferrer', test: 'meeting-link'}, t(`meet.link_${one.link.kind}`)) : t('meet.no_link')));
    paintCame(one);
    fill(bots, h('h2', {}, t('meet.bots')), one.bots.length ? h('ul', {class: 'lines'}, one.bots.map(botRow)) : h('p', {class: 'status'}, t('meet.no_bots')));
  }

  async function load() {
    try {
      paint(await get(`/v1/meetings/${id}`));
    } catch (error) {
      fill(about, problem(error, load));
    }
  }

  follow(undo, ['meeting', 'meeting_bot'], load);
  load();
  return {cleanup: undo, title: t('work.meetings'), focus: head.heading};
}
