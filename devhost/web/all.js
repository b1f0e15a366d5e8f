// The script of app pages: the part of Atlassian's AP that this host knows.
(() => {
  "use strict";

  const hosts = ["HOST_ORIGINS"];
  const script = document.currentScript;
  const options = Object.fromEntries(
    ((script && script.dataset.options) || "").split(";").map((o) => o.split(":").map((s) => s.trim())).filter((o) => o[0])
  );
  const query = new URLSearchParams(location.search);

  function frameName() {
    try {
      return JSON.parse(window.name) || {};
    } catch {
      return {};
    }
  }
  const named = frameName();
  const channel = named.channel || query.get("xdm_c") || "";

  // The page's address says where the host is, yet only this host is believed.
  const asked = query.get("xdm_e");
  const host = hosts.includes(asked) ? asked : hosts.includes(parentOrigin()) ? parentOrigin() : hosts[0];

  function parentOrigin() {
    const list = location.ancestorOrigins;
    return list && list.length ? list[0] : "";
  }

  const waiting = new Map();
  let last = 0;

  // The host page may not listen yet: the greeting is repeated until it is
  // answered, and calls wait for that.
  let connected = false;
  let greetings = 0;
  const early = [];

  function post(message) {
    window.parent.postMessage({ bridge: "devhost", channel, ...message }, host);
  }

  function greet() {
    if (connected) return;
    if (++greetings > 60) {
      for (const call of waiting.values()) call.reject(new Error("AP: the host does not answer"));
      waiting.clear();
      early.length = 0;
      return;
    }
    post({ id: 0, method: "hello", args: [] });
    setTimeout(greet, 250);
  }

  function connect() {
    connected = true;
    early.splice(0).forEach(post);
  }

  addEventListener("message", (e) => {
    if (e.source !== window.parent || !hosts.includes(e.origin)) return;
    const m = e.data;
    if (!m || m.bridge !== "devhost" || m.channel !== channel) return;
    if (m.id === 0 && !connected) connect();
    const call = waiting.get(m.id);
    if (!call) return;
    waiting.delete(m.id);
    if (m.error !== undefined) call.reject(new Error(m.error));
    else call.resolve(m.result);
  });

  function send(method, ...args) {
    return new Promise((resolve, reject) => {
      if (window.parent === window) {
        reject(new Error("AP: this page is not in a frame of the host"));
        return;
      }
      const id = ++last;
      waiting.set(id, { resolve, reject });
      if (connected) post({ id, method, args });
      else early.push({ id, method, args });
    });
  }

  // Each call answers by a promise and, when given one, by a callback.
  function both(promise, callback) {
    if (typeof callback === "function") promise.then(callback, (err) => console.error(err));
    return promise;
  }

  function request(first, second) {
    const o = typeof first === "string" ? Object.assign({}, second, { url: first }) : Object.assign({}, first);
    const { success, error } = o;
    const plain = { url: String(o.url), type: o.type || o.method, data: o.data, contentType: o.contentType };
    const answer = send("request", plain).then((r) => {
      const headers = new Headers(r.headers);
      const xhr = {
        status: r.status, statusText: r.statusText, responseText: r.body,
        getResponseHeader: (name) => headers.get(name),
      };
      if (!r.ok) throw Object.assign(new Error("AP.request: " + r.status), { xhr, body: r.body, status: r.status });
      return { body: r.body, xhr };
    });
    if (success || error) {
      answer.then(
        (r) => success && success(r.body, "success", r.xhr),
        (err) => error && error(err.xhr || { status: 0, statusText: err.message, responseText: "" }, "error", err.message)
      );
      answer.catch(() => {});
    }
    return answer;
  }

  const AP = {
    context: {
      getToken: (callback) => both(send("getToken"), callback),
      getContext: (callback) => both(send("getContext"), callback),
    },
    request,
    user: {
      getCurrentUser: (callback) => both(send("getCurrentUser"), callback),
    },
    getCurrentUser: (callback) => both(send("getCurrentUser"), callback),
    getLocation: (callback) => both(send("getLocation"), callback),
    resize: (width, height) => {
      sized = true;
      return send("resize", width || "100%", height || contentHeight());
    },
    sizeToParent: () => {
      sized = true;
      return send("sizeToParent");
    },
    flag: {
      create: (o) => {
        const id = channel + "-" + ++last;
        const shown = send("flag", { title: o.title, body: o.body, type: o.type, close: o.close }, id);
        return { close: () => shown.then(() => send("closeFlag", id)) };
      },
    },
    navigator: {
      reload: () => send("reload"),
      go: (where, o) => send("go", where, o),
    },
  };

  // Until the page asks for a size of its own, the frame follows its content.
  let sized = options.resize === "false" || options.sizeToParent === "true";

  function contentHeight() {
    const root = document.documentElement;
    return Math.ceil(Math.max(root.offsetHeight, document.body ? document.body.scrollHeight : 0));
  }

  function follow() {
    if (options.sizeToParent === "true") send("sizeToParent");
    let before = 0;
    const watch = new ResizeObserver(() => {
      const height = contentHeight();
      if (sized || height === before) return;
      before = height;
      send("resize", "100%", height).catch(() => {});
    });
    watch.observe(document.body);
    watch.observe(document.documentElement);
  }

  if (window.parent !== window) {
    greet();
    if (document.body) follow();
    else addEventListener("DOMContentLoaded", follow);
  }
  window.AP = AP;
})();
