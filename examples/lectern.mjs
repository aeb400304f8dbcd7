// lectern.mjs FILE QUESTION - upload, wait, search and ask, with the fetch of Node 18 and later.
// LECTERN_URL and LECTERN_KEY say where and who.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const url = process.env.LECTERN_URL ?? "http://127.0.0.1:8000";
const [path, question] = process.argv.slice(2);

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${process.env.LECTERN_KEY}` };
  if (body && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const answer = await fetch(url + path, { method, headers, body });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${json.error.code}: ${json.error.message}`);
  return json;
}

const form = new FormData();
form.append("file", new Blob([await readFile(path)]), basename(path));
let [document] = (await call("POST", "/v1/documents", form)).documents;
while (!["ready", "failed", "cancelled"].includes(document.state)) {
  await new Promise((later) => setTimeout(later, 100));
  document = await call("GET", `/v1/documents/${document.id}`);
}
console.log("document", document.id, document.state);
for (const hit of (await call("POST", "/v1/search", { query: question, limit: 3 })).results)
  console.log("found", hit.document.name, hit.place);
for (const citation of (await call("POST", "/v1/ask", { question, stream: false })).citations)
  console.log("cited", citation.number, citation.quote.slice(0, 60));
