// importing.js - what an export has back into this workspace, as `lectern import` does it (src/cli/cmd_import.c): first what others
// belong to, documents from their originals, then the rows of tables. What is there already stays, so it may begin again at any time.
import {t} from '../texts.js';
import {state} from '../state.js';
import {get, patch, post, put, remove, ApiError} from '../api.js';
import {linesOf, openZip} from './zip_file.js';

const FORMAT_MAX = 1;
const LINE_MAX = 16 * 1024 * 1024;
const PART_CHARACTERS = 1024 * 1024;
const PART_ROWS = 500;
const REASONS_MAX = 20;
const LOOK_MS = 500;
const TRIES = 7;
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const BUSY = new Set([429, 503]);
const OVER = new Set(['ready', 'failed', 'cancelled']);
const ENDS = new Set(['network', 'unauthorized', 'cancelled']);

const wait = (time_ms) => new Promise((done) => setTimeout(done, time_ms));
const part = (path, id, tail = '') => `${path}/${encodeURIComponent(id)}${tail}`;

// One import: `told` is called whenever `stage`, `done`, `total` or what came of the tables has changed.
export class Importing {
  constructor(file, {withPeople, told}) {
    Object.assign(this, {file, withPeople, told, stage: 'people', done: 0, total: 0, isStopped: false});
    this.ids = new Map();          // old id -> id here
    this.collections = new Map();  // name -> id
    this.guards = new Map();       // old id of what is restricted -> grants
    this.tables = new Map();       // name -> {added, there, left, reasons}
    this.brought = [];             // documents: {id, title}
    this.trash = new Map();        // SHA-256 of what lies in the trash here -> id
    this.trashed = [];             // ids of documents that go there at the end
    this.parent = null;            // whose members those are:
    this.members = [];
  }

  stop() { this.isStopped = true; }

  // --- What came of it ---

  table(name) {
    if (!this.tables.has(name)) this.tables.set(name, {added: 0, there: 0, left: 0, reasons: new Set()});
    return this.tables.get(name);
  }

  count(name, added, there) {
    const table = this.table(name);
    table.added += added;
    table.there += there;
  }

  leave(name, reason) {
    const table = this.table(name);
    table.left++;
    if (table.reasons.size < REASONS_MAX) table.reasons.add(reason);
  }

  // What the server refuses is left out; a connection that broke, a session that is over and who stops it end the import.
  refused(name, error) {
    if (!(error instanceof ApiError) || ENDS.has(error.code)) throw error;
    this.leave(name, error.message);
  }

  at(stage, done = 0, total = 0) {
    Object.assign(this, {stage, done, total});
    this.told();
  }

  // --- Asking ---

  // A server that is busy is asked again, ever later.
  async ask(run) {
    for (let time = 1; ; time++) {
      if (this.isStopped) throw new ApiError('cancelled', t('imports.stopped'), 0);
      try {
        return await run();
      } catch (error) {
        if (!BUSY.has(error.status) || time === TRIES) throw error;
        await wait(500 * 2 ** time);
      }
    }
  }

  async each(table, file, visit) {
    for await (const line of linesOf(this.zip, file, LINE_MAX)) {
      let row = null;
      try {
        row = JSON.parse(line);
      } catch {
        // Told below.
      }
      if (row && typeof row === 'object' && !Array.isArray(row)) await visit(row);
      else this.leave(table, t('imports.no_object'));
    }
  }

  know(old, id) {
    if (old && id) this.ids.set(old, id);
  }

  // The id here, or as it was when the export comes back to where it was made.
  here(old) { return this.ids.get(old) || old; }

  // --- People, groups, who sees what ---

  async person(row, people) {
    const kind = row.is_service ? 'name' : 'email';
    const same = people.find((one) => (one.kind === 'service') === Boolean(row.is_service) && one[kind] === row[kind]);
    if (same) {
      this.know(row.id, same.id);
      return this.count('memberships', 0, 1);
    }
    if (!this.withPeople || row.is_disabled) return this.leave('memberships', t(row.is_disabled ? 'imports.disabled' : 'imports.strangers'));
    // Nobody is told the password: whoever it is asks for a new one by mail, or an administrator sets it.
    const secret = [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const body = row.is_service ? {name: row.name, role: row.role, kind: 'service'} : {name: row.name, role: row.role, email: row.email, password: secret};
    try {
      this.know(row.id, (await this.ask(() => post('/v1/users', body))).id);
      this.count('memberships', 1, 0);
    } catch (error) {
      this.refused('memberships', error);
    }
  }

  async group({id, name}) {
    try {
      this.know(id, (await this.ask(() => post('/v1/groups', {name}))).id);
      this.count('workspace_groups', 1, 0);
    } catch (error) {
      const there = error.code === 'conflict' && await this.ask(() => get(part('/v1/groups', name))).catch(() => null);
      if (!there) return this.refused('workspace_groups', error);
      this.know(id, there.id);
      this.count('workspace_groups', 0, 1);
    }
  }

  async member(row) {
    try {
      await this.ask(() => patch(part('/v1/groups', this.here(row.group_id)), {add: [this.here(row.user_id)]}));
      this.count('group_members', 1, 0);
    } catch (error) {
      this.refused('group_members', error);
    }
  }

  // Keys are in no export.
  grant({guard, kind, subject, level}) {
    const grants = this.guards.get(guard);
    if (grants && kind !== 'key') grants.push({kind, id: this.here(subject), level});
    else this.leave('grants', t('imports.no_grant'));
  }

  // Whom the export names and who is not here gets nothing; what is restricted already stays as it is.
  async restrict(folder, old, id) {
    const grants = this.guards.get(old);
    if (!grants) return;
    const path = part(folder, id, '/access');
    if ((await this.ask(() => get(path))).own) return this.count('guards', 0, 1);
    await this.ask(() => put(path, {grants: []}));
    this.count('guards', 1, 0);
    const given = [];
    for (const one of grants) {
      try {
        await this.ask(() => put(path, {grants: [...given, one]}));
        given.push(one);
        this.count('grants', 1, 0);
      } catch (error) {
        this.refused('grants', error);
      }
    }
  }

  async people() {
    const {items} = await this.ask(() => get('/v1/users'));
    await this.each('memberships', 'people.jsonl', (row) => this.person(row, items));
    await this.each('workspace_groups', 'tables/workspace_groups.jsonl', (row) => this.group(row));
    await this.each('group_members', 'tables/group_members.jsonl', (row) => this.member(row));
    await this.each('guards', 'tables/guards.jsonl', (row) => this.guards.set(row.id, []));
    await this.each('grants', 'tables/grants.jsonl', (row) => this.grant(row));
  }

  // --- Collections and documents ---

  // Restricted before anything is in it.
  async collection({id, name, description, keep_days: days}) {
    if (this.collections.has(name)) {
      this.count('collections', 0, 1);
    } else {
      try {
        this.collections.set(name, (await this.ask(() => post('/v1/collections', {name, description: description || '', ...(days ? {keep_days: days} : {})}))).id);
        this.count('collections', 1, 0);
      } catch (error) {
        return this.refused('collections', error);
      }
    }
    this.know(id, this.collections.get(name));
    await this.restrict('/v1/collections', id, this.collections.get(name));
  }

  async form(document) {
    const most = state.session.server.upload_max;
    if (most && document.bytes > most) throw new ApiError('too_large', t('imports.too_large'), 413);
    if (document.collection && !this.collections.has(document.collection)) await this.collection({name: document.collection});
    if (document.collection && !this.collections.has(document.collection)) throw new ApiError('invalid', t('imports.no_collection'), 400);
    const form = new FormData();
    if (document.collection) form.append('collection', this.collections.get(document.collection));
    if (document.tags && document.tags.length) form.append('tags', document.tags.join(','));
    form.append('file', await this.zip.blob(document.original), document.name);
    return form;
  }

  // It has other bytes than when it was exported.
  async forget({name}, made) {
    if (!made.duplicate) await this.ask(() => remove(part('/v1/documents', made.id), {erase: 1}));
    this.leave('documents', t('imports.other_bytes', {name}));
  }

  leaveVersion({name}, {version}, reason) { this.leave('document_versions', t('imports.version', {version, name, reason})); }

  // The document here with these bytes.
  async sameBytes(sha256) { return (await this.ask(() => get('/v1/documents', {sha256, parent: 'none', limit: 1}))).items[0]; }

  // An import that broke off goes on behind the version it came to: {id, next}.
  async begun(earlier) {
    for (let last = earlier.length - 1; last >= 0; last--) {
      const same = await this.sameBytes(earlier[last].sha256);
      if (!same) continue;
      const versions = (await this.ask(() => get(part('/v1/documents', same.id, '/versions')))).items.reverse();
      const isThat = versions.length === last + 1 && same.name === earlier[last].name && versions.every((one, index) => one.sha256 === earlier[index].sha256);
      if (isThat) return {id: same.id, next: last + 1};
    }
    return {id: '', next: 0};
  }

  // One version before the newest; returns the document's id, once there is one. The first makes the document, which is restricted at once.
  async version(document, id, one) {
    if (!one.original || this.trash.has(one.sha256)) {
      this.leaveVersion(document, one, one.original ? t('imports.other_document') : t('imports.no_original'));
      return id;
    }
    try {
      const body = await this.form({...document, ...one, bytes: 0});
      const made = id ? await this.ask(() => put(part('/v1/documents', id, '/original'), body)) : (await this.ask(() => post('/v1/documents', body))).documents[0];
      if (made.duplicate) throw new ApiError('conflict', t('imports.other_document'), 409);
      if (made.sha256 !== one.sha256) {
        await this.ask(() => remove(part('/v1/documents', made.id), {erase: 1}));
        throw new ApiError('damaged', t('imports.other_bytes', {name: one.name}), 400);
      }
      this.know(document.id, made.id);
      if (!id) await this.restrict('/v1/documents', document.id, made.id);
      await this.over(made.id);
      this.count('document_versions', 1, 0);
      return made.id;
    } catch (error) {
      if (!(error instanceof ApiError) || ENDS.has(error.code)) throw error;
      this.leaveVersion(document, one, error.message);
      return error.code === 'damaged' ? '' : id;
    }
  }

  // What the document was before, in its order, so that citations of versions hold. Returns its id here; '': the newest is a document of its own, or is here already.
  async earlier(document) {
    const earlier = document.earlier || [];
    if (!earlier.length || this.trash.has(document.sha256)) return '';
    if (await this.sameBytes(document.sha256)) {
      this.count('document_versions', 0, earlier.length);
      return '';
    }
    let {id, next} = await this.begun(earlier);
    this.count('document_versions', 0, next);
    for (const one of earlier.slice(next)) id = await this.version(document, id, one);
    return id;
  }

  // One that is damaged or missing does not keep the others away. What was in the trash goes there again, and what lies there stays: an upload would bring it back.
  async document(document) {
    if (document.parent) return;
    this.at('documents', this.done + 1, this.total);
    if (!document.original) return this.leave('documents', t('imports.no_original'));
    if (document.deleted_at && this.trash.has(document.sha256)) {
      this.know(document.id, this.trash.get(document.sha256));
      return this.count('documents', 0, 1);
    }
    try {
      const id = await this.earlier(document);
      const body = await this.form(document);
      const headers = {'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-')};
      const made = id ? await this.ask(() => put(part('/v1/documents', id, '/original'), body)) : (await this.ask(() => post('/v1/documents', body, {headers}))).documents[0];
      if (made.sha256 !== document.sha256) return await this.forget(document, made);
      this.count('documents', made.duplicate ? 0 : 1, made.duplicate ? 1 : 0);
      this.know(document.id, made.id);
      this.brought.push({id: made.id, title: document.title});
      if (document.deleted_at && !made.duplicate) this.trashed.push(made.id);
      if (!id) await this.restrict('/v1/documents', document.id, made.id);
    } catch (error) {
      this.refused('documents', error);
    }
  }

  // Until it has been read.
  async over(id) {
    let now = await this.ask(() => get(part('/v1/documents', id)));
    for (; !OVER.has(now.state); now = await this.ask(() => get(part('/v1/documents', id)))) await wait(LOOK_MS);
    return now;
  }

  // Until each has been read; a title that a person gave is told again.
  async read({id, title}, done) {
    this.at('reading', done, this.brought.length);
    const now = await this.over(id);
    if (now.state === 'failed') this.leave('documents', `${now.name}: ${now.error.message}`);
    if (title && title !== now.title) await this.ask(() => patch(part('/v1/documents', id), {title})).catch((error) => this.refused('documents', error));
  }

  // Members of archives came with their parents, under ids of their own: found by their names.
  async inside(document) {
    const parent = document.parent && this.ids.get(document.parent);
    if (!parent) return;
    if (parent !== this.parent) this.members = (await this.ask(() => get('/v1/documents', {limit: 1000, parent}))).items;
    this.parent = parent;
    const same = this.members.find((one) => one.name === document.name);
    if (same) this.know(document.id, same.id);
  }

  async listTrash() {
    let page = {next: ''};
    do {
      page = await this.ask(() => get('/v1/documents', {trash: 1, parent: 'none', limit: 1000, ...(page.next ? {after: page.next} : {})}));
      for (const one of page.items) this.trash.set(one.sha256, one.id);
    } while (page.next);
  }

  // Last, when nothing is read of them any more.
  async fillTrash() {
    for (const id of this.trashed) await this.ask(() => remove(part('/v1/documents', id))).catch((error) => this.refused('documents', error));
  }

  // What the workspace and people may use and spend; whoever has limits here keeps them. Keys are in no export.
  async limits() {
    const bodies = new Map();
    const bodyOf = (table, {kind, subject}) => {
      const path = kind === 'workspace' ? '/v1/workspace/limits' : kind === 'user' && this.ids.has(subject) ? part('/v1/users', this.ids.get(subject), '/limits') : '';
      if (!path) return this.leave(table, t('imports.no_limits'));
      if (!bodies.has(path)) bodies.set(path, {budgets: []});
      return bodies.get(path);
    };
    await this.each('key_limits', 'tables/key_limits.jsonl', (row) => {
      const rates = {requests_per_minute: row.requests, tokens_per_minute: row.tokens, concurrent: row.concurrent};
      const body = bodyOf('key_limits', row);
      if (body) Object.assign(body, {models: JSON.parse(row.models || '[]')}, Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate)));
    });
    await this.each('budgets', 'tables/budgets.jsonl', (row) => {
      const body = bodyOf('budgets', row);
      if (body) body.budgets.push({period: row.period, ...(row.counts_calls ? {calls: row.amount} : {dollars: (row.amount / 1e12).toFixed(12)})});
    });
    for (const [path, body] of bodies) {
      try {
        const now = await this.ask(() => get(path));
        const has = now.models.length || now.budgets.length || now.requests_per_minute || now.tokens_per_minute || now.concurrent;
        if (!has) await this.ask(() => put(path, body));
        this.count('key_limits', has ? 0 : 1, has ? 1 : 0);
      } catch (error) {
        this.refused('key_limits', error);
      }
    }
  }

  async documents(total) {
    this.at('documents', 0, total);
    await this.listTrash();
    for (const one of (await this.ask(() => get('/v1/collections'))).items) this.collections.set(one.name, one.id);
    await this.each('collections', 'tables/collections.jsonl', (row) => this.collection(row));
    await this.each('documents', 'documents.jsonl', (row) => this.document(row));
    for (const [index, one] of this.brought.entries()) await this.read(one, index + 1);
    await this.each('documents', 'documents.jsonl', (row) => this.inside(row));
  }

  // --- Rows ---

  // As they stand in the file, since numbers may be larger than those of a browser. Returns those that wait for what they belong to.
  async rows(table, lines, isLast) {
    const body = `{"rows":[${lines.map((line) => line.replace(ID, (id) => this.here(id))).join(',')}]}`;
    const answer = await this.ask(() => post(part('/v1/imports', table), body, {headers: {'Content-Type': 'application/json'}}));
    this.count(table, answer.added, answer.there);
    const waits = (one) => !isLast && one.reason.startsWith('what it belongs to');
    for (const one of answer.left_out) if (!waits(one)) this.leave(table, one.reason);
    return {added: answer.added, waiting: answer.left_out.filter(waits).map((one) => lines[one.row])};
  }

  // Returns {added, waiting} of all lines, sent in parts.
  async parts(table, lines, isLast) {
    const all = {added: 0, waiting: []};
    let some = [];
    let length = 0;
    const send = async () => {
      const {added, waiting} = await this.rows(table, some, isLast);
      all.added += added;
      all.waiting.push(...waiting);
      some = [];
      length = 0;
    };
    for await (const line of lines) {
      some.push(line);
      length += line.length;
      if (length >= PART_CHARACTERS || some.length === PART_ROWS) await send();
    }
    if (some.length) await send();
    return all;
  }

  // A line that is no JSON would spoil the lines beside it.
  async* whole(table) {
    for await (const line of linesOf(this.zip, `tables/${table}.jsonl`, LINE_MAX)) {
      let isObject = false;
      try {
        isObject = Object.getPrototypeOf(JSON.parse(line)) === Object.prototype;
      } catch {
        // Told below.
      }
      if (isObject) yield line;
      else this.leave(table, t('imports.no_object'));
    }
  }

  // Those whose parents stand behind them wait, and are sent again as long as that helps.
  async tableOfRows(table) {
    let {added, waiting} = await this.parts(table, this.whole(table), false);
    while (waiting.length) ({added, waiting} = await this.parts(table, waiting, added === 0));
  }

  async tablesOfRows() {
    const {items} = await this.ask(() => get('/v1/imports'));
    this.never = items.filter((one) => one.how === 'never');
    const tables = items.filter((one) => one.how === 'rows');
    for (const [index, one] of tables.entries()) {
      this.at('rows', index + 1, tables.length);
      await this.tableOfRows(one.table);
    }
  }

  // --- Settings ---

  // {RULE: limit, "RULE.hold": s, "RULE.repeat": s} as PUT /v1/alerts/rules takes it.
  async setting({name, value}) {
    if (name !== 'alerts' && name !== 'gateway-policy') return;
    try {
      const kept = JSON.parse(value);
      const rules = Object.entries(kept).filter(([rule]) => !rule.includes('.'))
        .map(([rule, limit]) => [rule, {limit, hold_seconds: kept[`${rule}.hold`], repeat_seconds: kept[`${rule}.repeat`]}]);
      await this.ask(() => (name === 'alerts' ? put('/v1/alerts/rules', Object.fromEntries(rules)) : put('/v1/gateway/policy', kept)));
      this.count('settings', 1, 0);
    } catch (error) {
      if (error instanceof SyntaxError) this.leave('settings', t('imports.no_object'));
      else this.refused('settings', error);
    }
  }

  // --- All of it ---

  // How many originals there are, once it is known to be an export.
  async manifest() {
    if (!this.zip.has('manifest.json')) throw new ApiError('invalid', t('imports.no_export'), 0);
    const text = await (await this.zip.blob('manifest.json')).text();
    let manifest = null;
    try {
      manifest = JSON.parse(text);
    } catch {
      throw new ApiError('damaged', t('imports.damaged'), 0);
    }
    const {format = null, kinds = []} = manifest || {};
    if (!Number.isInteger(format) || format < 1 || format > FORMAT_MAX) throw new ApiError('unsupported', t('imports.format', {format: format ?? '?', most: FORMAT_MAX}), 0);
    const originals = kinds.find((one) => one.name === 'originals');
    return originals ? originals.files : 0;
  }

  async run() {
    this.zip = await openZip(this.file);
    const total = await this.manifest();
    this.at('people');
    await this.people();
    await this.limits();
    await this.documents(total);
    await this.tablesOfRows();
    await this.fillTrash();
    this.at('settings');
    await this.each('settings', 'tables/settings.jsonl', (row) => this.setting(row));
  }
}
