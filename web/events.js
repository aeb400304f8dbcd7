// events.js - one EventSource for the whole browser. The tab that holds the lock listens and tells the others;
// when it closes, the next tab gets the lock. Without locks (plain http on another machine) each tab listens itself.
import {emit} from './state.js';

const NAMES = ['document', 'removed', 'notices', 'task', 'summary', 'work', 'workflow', 'approval', 'meeting', 'meeting_bot', 'calendar', 'schedule', 'group', 'connection', 'job'];
const channel = 'BroadcastChannel' in self ? new BroadcastChannel('lectern-events') : null;
let source = null;
let release = null;
let started = false;
let up = true;  // as far as is known

export const isUp = () => up;

function hear(name, data) {
  if (name === 'open' || name === 'down') up = name === 'open';
  emit(`event:${name}`, data);
}

function tell(name, data) {
  hear(name, data);
  if (channel) channel.postMessage({name, data});
}

function listen() {
  source = new EventSource('/v1/events');
  for (const name of NAMES) {
    source.addEventListener(name, (event) => {
      try {
        tell(name, JSON.parse(event.data));
      } catch {
        // A line that is no JSON is not ours; the next one may be.
      }
    });
  }
  // What happened while nobody listened is unknown, so everyone reads again.
  source.addEventListener('open', () => tell('open', !up));
  source.addEventListener('missed', () => tell('open', true));
  source.addEventListener('error', () => {
    tell('down', null);
    if (source && source.readyState === EventSource.CLOSED) setTimeout(restart, 3000);
  });
}

function restart() {
  if (!started) return;
  if (source) source.close();
  listen();
}

export function start() {
  if (started) return;
  started = true;
  if (channel) channel.onmessage = (event) => hear(event.data.name, event.data.data);
  if (!navigator.locks || !channel) return listen();
  navigator.locks.request('lectern-events', () => new Promise((done) => {
    if (!started) return done();
    release = done;
    listen();
  }));
}

export function stop() {
  started = false;
  if (source) source.close();
  source = null;
  if (release) release();
  release = null;
}
