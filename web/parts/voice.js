// voice.js - the microphone: a note that becomes a question, or a dictation that becomes a document.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {icon} from './icons.js';
import {toast} from './toast.js';
import {announce} from './live.js';

const hasMicrophone = () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia && window.MediaRecorder);

// A recording that runs; stop() gives its sound as a file.
async function record() {
  const source = await navigator.mediaDevices.getUserMedia({audio: true});
  const recorder = new MediaRecorder(source);
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.start();
  return () => new Promise((done) => {
    recorder.onstop = () => {
      source.getTracks().forEach((track) => track.stop());
      const type = (recorder.mimeType || 'audio/webm').split(';')[0];
      done(new File(pieces, `note.${type.endsWith('ogg') ? 'ogg' : type.endsWith('mp4') ? 'm4a' : 'webm'}`, {type}));
    };
    recorder.stop();
  });
}

function send(path, file) {
  const form = new FormData();
  form.append('file', file);
  return post(path, form);
}

// A button that records until it is pressed again; heard(result of `path`).
export function microphone({path, text, test, heard}) {
  let stop = null;
  let isBusy = false;
  const button = h('button', {type: 'button', class: 'icon', 'aria-label': text, title: text, 'aria-pressed': 'false', test, hidden: !hasMicrophone()}, icon('microphone'));
  const say = (name) => {
    button.title = t(name);
    button.setAttribute('aria-label', t(name));
    announce(t(name));
  };
  async function press() {
    if (isBusy) return;
    isBusy = true;
    try {
      if (!stop) {
        stop = await record();
        button.setAttribute('aria-pressed', 'true');
        say('voice.stop');
      } else {
        const end = stop;
        stop = null;
        button.setAttribute('aria-pressed', 'false');
        button.setAttribute('aria-busy', 'true');
        say('voice.hearing');
        heard(await send(path, await end()));
      }
    } catch (error) {
      toast(error.name === 'NotAllowedError' ? t('voice.denied') : error.message);
    } finally {
      isBusy = false;
      button.removeAttribute('aria-busy');
      if (!stop) {
        button.title = text;
        button.setAttribute('aria-label', text);
      }
    }
  }
  button.onclick = press;
  return {element: button, end: () => stop && stop()};
}

// What was said, to be heard again.
export const player = (id) => h('audio', {controls: true, preload: 'none', src: `/v1/messages/${id}/sound`, 'aria-label': t('voice.sound'), test: 'voice-player'});
