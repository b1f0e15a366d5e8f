// The host page's side: selects that submit, and the bridge to the app's frame.
"use strict";

// This script runs before the frame is there, so that it misses no load of it.
let loaded = false;
const seeLoad = (e) => { if (e.target.id === "app") loaded = true; };
document.addEventListener("load", seeLoad, true);
document.addEventListener("DOMContentLoaded", start);

function start() {
  for (const field of document.querySelectorAll("select[data-submit]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }

  const frame = document.getElementById("app");
  if (!frame) return;
  const { origin, app, issue, project, user } = frame.dataset;
  const channel = JSON.parse(frame.name).channel;
  const flags = new Map();

  // A page with all.js greets while it loads. Before, and when it loads without
  // a greeting, the frame holds a page without the script or the browser's own
  // page that nobody answered.
  const patience = 10000, grace = 1000;
  let greeted = false;
  let alarm = setTimeout(silent, patience);

  function silent() {
    document.getElementById("silence").textContent = "The app at " + origin +
      " has not answered. Is it running? (A page that does not load all.js never answers.)";
  }

  function heard() {
    clearTimeout(alarm);
    document.getElementById("silence").textContent = "";
  }

  function load() {
    clearTimeout(alarm);
    if (!greeted) alarm = setTimeout(silent, grace);
    greeted = false;
  }
  document.removeEventListener("load", seeLoad, true);
  frame.addEventListener("load", load);
  if (loaded) load();

  async function contextToken() {
    const r = await fetch("/devhost/context-token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ app, issue, project }),
    });
    if (!r.ok) throw new Error("the host gave no token: " + r.status);
    return (await r.json()).token;
  }

  // Calls in the user's name stay on this origin and below /rest/.
  function target(url) {
    const u = new URL(String(url), location.origin);
    if (u.origin !== location.origin || !u.pathname.startsWith("/rest/")) {
      throw new Error("AP.request takes addresses below /rest/ only: " + url);
    }
    return u;
  }

  async function request(o) {
    const method = String(o.type || o.method || "GET").toUpperCase();
    const u = target(o.url);
    const headers = { Accept: "application/json", "AP-App-Key": app };
    let body;
    if (o.data != null && (method === "GET" || method === "HEAD")) {
      const more = typeof o.data === "string" ? o.data : new URLSearchParams(o.data).toString();
      u.search += (u.search ? "&" : "?") + more;
    } else if (o.data != null) {
      body = typeof o.data === "string" ? o.data : JSON.stringify(o.data);
      headers["Content-Type"] = o.contentType || "application/json";
    }
    const r = await fetch(u, { method, headers, body, redirect: "error", credentials: "same-origin" });
    return { ok: r.ok, status: r.status, statusText: r.statusText, body: await r.text(), headers: [...r.headers] };
  }

  function flag(o, id) {
    const box = document.createElement("div");
    box.className = "flag " + (["success", "error", "warning", "info"].includes(o.type) ? o.type : "info");
    box.setAttribute("role", "status");
    const title = document.createElement("h3");
    title.textContent = o.title || "";
    const text = document.createElement("p");
    text.textContent = o.body || "";
    const close = document.createElement("button");
    close.textContent = "×";
    close.setAttribute("aria-label", "Close");
    const end = () => { box.remove(); flags.delete(id); };
    close.addEventListener("click", end);
    box.append(title, text, close);
    document.getElementById("flags").append(box);
    flags.set(id, end);
    if (o.close !== "manual") setTimeout(end, 6000);
  }

  function length(v) {
    if (typeof v === "number" || /^\d+(\.\d+)?$/.test(v)) return Math.min(Number(v), 20000) + "px";
    return /^\d+(\.\d+)?(px|%|em|rem|vh|vw)$/.test(v) ? v : "";
  }

  function go(where, o) {
    const part = encodeURIComponent;
    switch (where) {
      case "issue": return "/browse/" + part(o.issueKey);
      case "addonModule": case "addonmodule":
        return "/plugins/servlet/ac/" + part(o.addonKey || app) + "/" + part(o.moduleKey);
      case "site": case "dashboard": case "home": return "/";
    }
    throw new Error("AP.navigator.go does not know " + where);
  }

  const methods = {
    hello: () => { greeted = true; },
    getToken: contextToken,
    getContext: () => {
      const jira = {};
      if (issue) jira.issue = { key: issue };
      if (project || issue) jira.project = { key: project || issue.split("-")[0] };
      return { jira, url: location.origin };
    },
    getCurrentUser: () => ({ atlassianAccountId: user }),
    getLocation: () => location.href,
    request,
    resize: (w, h) => {
      if (length(w)) frame.style.width = length(w);
      if (length(h)) frame.style.height = length(h);
    },
    sizeToParent: () => {
      const top = frame.getBoundingClientRect().top + scrollY;
      frame.style.width = "100%";
      frame.style.height = "max(200px, calc(100vh - " + Math.ceil(top + 24) + "px))";
    },
    flag,
    closeFlag: (id) => { flags.get(id)?.(); },
    reload: () => location.reload(),
    go: (where, o) => location.assign(go(where, o || {})),
  };

  addEventListener("message", async (e) => {
    if (e.source !== frame.contentWindow || e.origin !== origin) return;
    const m = e.data;
    if (!m || m.bridge !== "devhost" || m.channel !== channel || !Object.hasOwn(methods, m.method)) return;
    heard();
    const answer = { bridge: "devhost", channel, id: m.id };
    try {
      answer.result = await methods[m.method](...(m.args || []));
    } catch (err) {
      answer.error = String(err && err.message || err);
    }
    frame.contentWindow.postMessage(answer, origin);
  });
}
