// events.js - one EventSource for the whole browser. The tab that holds the lock listens and tells the others;
// when it closes, the next tab gets the lock. Without locks (plain http on another machine) each tab listens itself.
import {emit} from './state.js';

const NAMES = ['document', 'removed', 'notices', 'task', 'summary', 'work', 'workflow', 'approval', 'meeting', 'meeting_bot', 'calendar', 'schedule', 'group', 'connection', 'job'];
const WAIT_MS = 2000;
const channel = 'BroadcastChannel' in self ? new BroadcastChannel('lectern-events') : null;
let source = null;
let release = null;
let started = false;
let begun = false;
let up = true;  // as far as is known

export const isUp = () => up;

// Whoever shows what goes on reads it now, once, as nothing can fall between any more.
function begin() {
  if (!started || begun) return;
  begun = true;
  emit('listening');
}

function hear(name, data) {
  if (name === 'open' || name === 'down') up = name === 'open';
  emit(`event:${name}`, data);
  if (name === 'open' || name === 'down') begin();
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

// Listens for as long as this tab has the lock.
const hold = () => new Promise((done) => {
  if (!started) return done();
  release = done;
  listen();
});

// Another tab listens for this one; when it goes, something may be missed until this one is heard.
function wait() {
  begin();
  navigator.locks.request('lectern-events', () => {
    up = false;
    return hold();
  });
}

// 'listening' is told once news come here, or cannot; what holds them back on the way is not waited for.
export function start() {
  if (started) return;
  started = true;
  setTimeout(begin, WAIT_MS);
  if (channel) channel.onmessage = (event) => hear(event.data.name, event.data.data);
  if (!navigator.locks || !channel) return listen();
  navigator.locks.request('lectern-events', {ifAvailable: true}, (lock) => (lock ? hold() : wait()));
}

export function stop() {
  started = false;
  begun = false;
  if (source) source.close();
  source = null;
  if (release) release();
  release = null;
}
