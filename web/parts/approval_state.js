// approval_state.js - how an approval stands, in a word.
import {h} from '../dom.js';
import {t, fullDate} from '../texts.js';

const TONES = {approved: 'good', denied: 'bad', expired: 'bad', waiting: 'busy'};

export const APPROVAL_STATES = ['waiting', 'approved', 'denied', 'expired', 'cancelled'];
export const approvalChip = ({state}) => h('span', {class: 'chip', data: {tone: TONES[state] || ''}, test: 'approval-state'}, t(`approval.state_${state}`));
export const deadlineText = (one) => (one.deadline ? t(`approval.deadline_${one.on_deadline}`, {date: fullDate(one.deadline)}) : '');
