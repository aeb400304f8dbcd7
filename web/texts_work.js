// texts_work.js - the words of the place "Work", which the first view has too; the others are in texts_flow.js.

export const WORK = {
  'rail.work': 'Work',
  'work.title': 'Work',
  'work.workflows': 'Workflows',
  'work.executions': 'Runs',
  'work.approvals': 'Approvals',
  'work.schedules': 'Schedules',
  'work.meetings': 'Meetings',
  'work.failed': 'Failed jobs',
  'work.connections': 'Connections',
};
