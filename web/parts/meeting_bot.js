// meeting_bot.js - how a bot in a meeting does, and sending one or calling it off.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {toast} from './toast.js';

const TONES = {failed: 'bad', denied: 'bad', ended: 'good', recording: 'good', in_meeting: 'busy', joining: 'busy', waiting_room: 'busy', processing: 'busy'};

export const botChip = (bot) => h('span', {class: 'chip', data: {tone: TONES[bot.state] || ''}, test: 'bot-state'}, t(`meet.bot_${bot.state}`));
export const reasonText = (bot) => (bot.reason ? bot.reason.message : '');

// Sends a bot to a meeting; `again` also when one has been there. Says what became of it.
export async function sendBot(meeting, isAgain) {
  try {
    const result = await post('/v1/meeting-bots', {meeting: meeting.id, ...(isAgain && {again: true})});
    toast(t(`meet.outcome_${result.outcome}`, {title: meeting.title, why: result.message || ''}));
  } catch (error) {
    toast(error.message);
  }
}

export async function callOff(bot) {
  try {
    await post(`/v1/meeting-bots/${bot.id}/leave`);
    toast(t('meet.called_off'));
  } catch (error) {
    toast(error.message);
  }
}
