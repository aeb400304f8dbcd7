// follow.js - reads anew what the server says has changed; by the clock only while nothing can be heard.
import {isUp} from '../events.js';
import {on} from '../state.js';

const DEAF_MS = 4000;

// Never twice at a time, and not again for a while: what comes meanwhile is read behind it.
function paced(undo, wait_ms, load) {
  let busy = false;
  let again = false;
  let gone = false;
  undo.add(() => { gone = true; });
  async function soon() {
    again = busy;
    if (busy || gone) return;
    busy = true;
    await Promise.resolve(load()).catch(() => null);  // a view says itself what went wrong
    await new Promise((done) => setTimeout(done, wait_ms));
    busy = false;
    if (again) soon();
  }
  return soon;
}

// follow(undo, ['workflow'], load) - concerns({id, state}): whether to look; an id that is null stands for many.
export function follow(undo, names, load, {concerns = () => true, wait_ms = 300} = {}) {
  const soon = paced(undo, wait_ms, load);
  for (const name of names) undo.add(on(`event:${name}`, (told) => { if (!told.id || concerns(told)) soon(); }));
  undo.add(on('event:open', (missed) => { if (missed) soon(); }));
  const timer = setInterval(() => { if (!isUp()) soon(); }, DEAF_MS);
  undo.add(() => clearInterval(timer));
  return soon;
}
